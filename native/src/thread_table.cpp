#include "thread_table.h"

#include <algorithm>
#include <utility>

namespace gilprof {
namespace {

constexpr std::size_t kVictimsTried = 16;  // for each thread that wants its files open
constexpr std::size_t kSpare = 2;  // threads' files that are closed again for what else is opened

}  // namespace

void ThreadTable::begin_pass() {
    for (const std::uint32_t slot : ended_slots_) {
        slots_[slot].reset();
        free_.push_back(slot);
    }
    ended_slots_.clear();
}

Thread* ThreadTable::find(pid_t tid) {
    const auto found = slots_by_tid_.find(tid);
    return found == slots_by_tid_.end() ? nullptr : slots_[found->second].get();
}

Thread* ThreadTable::find(ThreadRef ref) {
    if (ref.id == kNone || ref.slot >= slots_.size()) return nullptr;
    Thread* thread = slots_[ref.slot].get();
    return thread == nullptr || thread->id != ref.id || thread->ended ? nullptr : thread;
}

ThreadRef ThreadTable::ref(const Thread& thread) const {
    return {slots_by_tid_.at(thread.tid), thread.id};
}

Thread* ThreadTable::find_or_add(pid_t tid, std::uint64_t ident) {
    Thread* thread = find(tid);
    if (thread == nullptr) {
        if (size() >= kMaxThreads) return nullptr;
        auto made = std::make_unique<Thread>(next_id_, pid_, tid);
        Schedstat stat;
        if (made->files.read(stat) == ReadResult::kGone) return nullptr;
        begun_.push_back({next_id_++, tid, ident});
        if (free_.empty()) {
            free_.push_back(static_cast<std::uint32_t>(slots_.size()));
            slots_.emplace_back();
        }
        const std::uint32_t slot = free_.back();
        free_.pop_back();
        slots_by_tid_.emplace(tid, slot);
        slots_[slot] = std::move(made);
        thread = slots_[slot].get();
        thread->ident = ident;
    } else if (thread->ident == 0 && ident != 0) {
        thread->ident = ident;
        begun_.push_back({thread->id, tid, ident});
    }
    return thread;
}

void ThreadTable::end(Thread& thread, std::int64_t t_ns) {
    if (thread.ended) return;
    thread.ended = true;
    close_files(&thread);
    ended_.push_back({thread.id, t_ns});
    ended_slots_.push_back(slots_by_tid_.at(thread.tid));
    slots_by_tid_.erase(thread.tid);
}

void ThreadTable::keep_files(Thread& thread) {
    if (open_files_ == 0 || thread.files.kept() || thread.ended) return;
    if (kept_ >= open_files_ && !make_room()) return;
    if (thread.files.keep()) {
        if (thread.files.kept()) ++kept_;
        return;
    }
    // The process may not open as many as was thought: some stay free for reads without kept files.
    open_files_ = kept_ > kSpare ? kept_ - kSpare : 0;
    for (std::size_t i = 0; i < slots_.size() && kept_ > open_files_; ++i)
        close_files(slots_[i].get());
}

bool ThreadTable::make_room() {
    const std::size_t tries = std::min(kVictimsTried, slots_.size());
    for (std::size_t i = 0; i < tries; ++i) {
        Thread* victim = slots_[next_victim_++ % slots_.size()].get();
        if (victim != nullptr && victim->quiet && close_files(victim)) return true;
    }
    return false;
}

bool ThreadTable::close_files(Thread* thread) {
    if (thread == nullptr || !thread->files.kept()) return false;
    thread->files.close();
    --kept_;
    return true;
}

std::vector<ThreadBegin> ThreadTable::take_begun() { return std::exchange(begun_, {}); }
std::vector<ThreadEnd> ThreadTable::take_ended() { return std::exchange(ended_, {}); }

}  // namespace gilprof
