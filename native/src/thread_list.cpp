#include "thread_list.h"

#include <algorithm>
#include <utility>

#include "decode.h"

namespace gilprof {
namespace {

constexpr std::size_t kMaxThreads = 20'000;

}  // namespace

Thread* ThreadTable::find(pid_t tid) {
    const auto found = threads_.find(tid);
    return found == threads_.end() ? nullptr : found->second.get();
}

Thread* ThreadTable::find_or_add(pid_t tid, std::uint64_t ident) {
    Thread* thread = find(tid);
    if (thread == nullptr) {
        if (threads_.size() >= kMaxThreads) return nullptr;
        auto made = std::make_unique<Thread>(next_id_, pid_, tid);
        Schedstat stat;
        if (made->files.read(stat) == ReadResult::kGone) return nullptr;
        begun_.push_back({next_id_++, tid, ident});
        thread = threads_.emplace(tid, std::move(made)).first->second.get();
        thread->ident = ident;
    } else if (thread->ident == 0 && ident != 0) {
        thread->ident = ident;
        begun_.push_back({thread->id, tid, ident});
    }
    return thread;
}

void ThreadTable::end(pid_t tid, std::int64_t t_ns) {
    if (const Thread* thread = find(tid)) {
        ended_.push_back({thread->id, t_ns});
        threads_.erase(tid);
    }
}

std::vector<Thread*> ThreadTable::all() {
    std::vector<Thread*> out;
    out.reserve(threads_.size());
    for (auto& [tid, thread] : threads_) out.push_back(thread.get());
    return out;
}

std::vector<ThreadBegin> ThreadTable::take_begun() { return std::exchange(begun_, {}); }
std::vector<ThreadEnd> ThreadTable::take_ended() { return std::exchange(ended_, {}); }

void ThreadStates::plan(State& state, RemoteMemory& batch) const {
    state.copy_index = batch.add(state.address, state.copy.data(), state.copy.size());
    if (layout_.thread_frame_indirect != Layout::kAbsent && state.indirect != 0)
        state.indirect_index =
            batch.add(state.indirect + static_cast<Address>(layout_.thread_frame_indirect),
                      &state.indirect_frame, sizeof state.indirect_frame);
}

void ThreadStates::collect(State& state, const RemoteMemory& batch) const {
    state.readable = batch.ok(state.copy_index);
    state.indirect_readable = layout_.thread_frame_indirect != Layout::kAbsent &&
                              state.indirect != 0 && batch.ok(state.indirect_index);
}

void ThreadStates::choose(bool all, Address holder) {
    for (std::size_t i = 0; i < states_.size(); ++i) {
        State& state = states_[i];
        state.wanted =
            all || state.thread == nullptr || !state.thread->quiet || state.address == holder;
        if (state.wanted && i > 0) states_[i - 1].wanted = true;
    }
}

void ThreadStates::plan_wanted(RemoteMemory& batch) {
    for (State& state : states_)
        if (state.wanted) plan(state, batch);
}

void ThreadStates::collect_wanted(const RemoteMemory& batch) {
    for (State& state : states_)
        if (state.wanted) collect(state, batch);
}

void ThreadStates::plan_unclaimed(RemoteMemory& batch) {
    for (State& state : states_)
        if (state.thread == nullptr) plan(state, batch);
}

void ThreadStates::collect_unclaimed(const RemoteMemory& batch) {
    for (State& state : states_)
        if (state.thread == nullptr) collect(state, batch);
}

// A new state comes in at the head; one that goes has been run by its thread, so that its
// predecessor's link was copied.
bool ThreadStates::linked(Address head) const {
    Address expected = head;
    bool known = true;
    for (const State& state : states_) {
        if (known && state.address != expected) return false;
        known = state.wanted;
        if (!state.wanted) continue;
        if (!state.readable) return false;
        expected = next(state);
    }
    return !known || expected == 0;
}

bool ThreadStates::refresh(Address head, RemoteMemory& memory) {
    std::unordered_map<Address, std::size_t> known;
    for (std::size_t i = 0; i < states_.size(); ++i) known.emplace(states_[i].address, i);
    std::vector<State> before = std::exchange(states_, {});
    while (head != 0 && states_.size() < kMaxThreads) {
        State state;
        const auto found = known.find(head);
        if (found != known.end()) {
            state = std::move(before[found->second]);
            known.erase(found);
        } else {
            state.address = head;
            state.copy.resize(static_cast<std::size_t>(layout_.thread_size));
        }
        state.thread = nullptr;
        state.wanted = true;
        if (!reread(state, memory)) break;
        head = next(state);
        states_.push_back(std::move(state));
    }
    if (head != 0) states_.clear();
    return head == 0;
}

ThreadStates::State* ThreadStates::find(Address address) {
    const auto found = std::find_if(states_.begin(), states_.end(),
                                    [&](const State& state) { return state.address == address; });
    return found == states_.end() ? nullptr : &*found;
}

Address ThreadStates::next(const State& state) const {
    return field<Address>(state.copy.data(), layout_.thread_next);
}

pid_t ThreadStates::tid(const State& state) const {
    const auto value = field<std::uint64_t>(state.copy.data(), layout_.thread_native_id);
    return value > 0 && value < (1u << 30) ? static_cast<pid_t>(value) : 0;
}

std::uint64_t ThreadStates::ident(const State& state) const {
    return field<std::uint64_t>(state.copy.data(), layout_.thread_ident);
}

bool ThreadStates::drop_requested(const State& state) const {
    return layout_.thread_eval_breaker != Layout::kAbsent &&
           (field<std::uint64_t>(state.copy.data(), layout_.thread_eval_breaker) & 1) != 0;
}

bool ThreadStates::reread(State& state, RemoteMemory& memory) const {
    state.readable = memory.read(state.address, state.copy.data(), state.copy.size());
    state.indirect_readable = false;
    return state.readable;
}

Address ThreadStates::innermost_frame(State& state, RemoteMemory& memory) const {
    const auto pointer = field<Address>(state.copy.data(), layout_.thread_frame);
    if (layout_.thread_frame_indirect == Layout::kAbsent || pointer == 0) return pointer;
    if (pointer != state.indirect || !state.indirect_readable) {
        state.indirect = pointer;
        if (!memory.read(pointer + static_cast<Address>(layout_.thread_frame_indirect),
                         &state.indirect_frame, sizeof state.indirect_frame))
            state.indirect_frame = 0;
    }
    return state.indirect_frame;
}

}  // namespace gilprof
