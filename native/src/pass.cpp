#include "pass.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "decode.h"

namespace gilprof {
namespace {

constexpr std::size_t kSlice = 16;
constexpr std::size_t kMaxStacks = 1'000'000;
constexpr std::int64_t kListNativeEveryNs = 50'000'000;
constexpr std::int64_t kCopyAllEveryNs = 50'000'000;
constexpr std::int64_t kCheckMemoryEveryNs = 100'000'000;
constexpr double kCrowdedQueue = 0.25;  // threads in the queue, on average
constexpr int kStackAttempts = 3;
constexpr std::uint64_t kCheckStoppedEvery = 16;  // passes in which no thread runs
#if defined(__aarch64__)
constexpr std::int16_t kFutex = 98;
#else
constexpr std::int16_t kFutex = 202;
#endif

}  // namespace

std::int64_t monotonic_ns() {
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

PassTaker::PassTaker(MemorySource& source, pid_t pid, const Layout& layout,
                     const std::string& cgroup_events, std::size_t open_files)
    : layout_(layout),
      memory_(source),
      files_(pid, cgroup_events),
      codes_(memory_, layout_),
      stacks_(kMaxStacks),
      threads_(pid, open_files),
      states_(layout_),
      own_tid_(static_cast<pid_t>(::syscall(SYS_gettid))),
      gil_copy_(static_cast<std::size_t>(layout.gil_size)) {}

bool PassTaker::read_gil(GilReading& out) {
    if (!memory_.read(layout_.gil_address, gil_copy_.data(), gil_copy_.size())) return false;
    out = GilReading::parse(gil_copy_.data(), layout_);
    return true;
}

// The GIL comes last in the batch: the looks at the kernel's files follow right behind it.
PassResult PassTaker::first_reading(bool with_frames, GilReading& reading, PassRow& pass) {
    Address head = 0;
    Address next_interpreter = 0;
    std::int32_t collecting = 0;
    std::int32_t drop_request = 0;
    const Address interpreter = layout_.interpreter_address;
    ++batch_number_;
    memory_.clear();
    now_ns_ = monotonic_ns();
    const bool all = with_frames || now_ns_ - all_copied_ns_ > kCopyAllEveryNs;
    if (all) all_copied_ns_ = now_ns_;
    states_.choose(all, last_holder_, threads_);
    plan_states(with_frames);
    const std::size_t head_index = memory_.add(
        interpreter + static_cast<Address>(layout_.interpreter_threads_head), &head, sizeof head);
    memory_.add(interpreter + static_cast<Address>(layout_.interpreter_next), &next_interpreter,
                sizeof next_interpreter);
    memory_.add(interpreter + static_cast<Address>(layout_.interpreter_gc_collecting), &collecting,
                sizeof collecting);
    if (layout_.interpreter_drop_request != Layout::kAbsent)
        memory_.add(interpreter + static_cast<Address>(layout_.interpreter_drop_request),
                    &drop_request, sizeof drop_request);
    const std::size_t gil_index =
        memory_.add(layout_.gil_address, gil_copy_.data(), gil_copy_.size());
    memory_.run();
    if (!memory_.ok(head_index) || !memory_.ok(gil_index)) return PassResult::kLost;
    collect_states(with_frames);
    reading = GilReading::parse(gil_copy_.data(), layout_);
    if (states_changed_ || !states_.linked(head)) {
        states_changed_ = true;
        ++batch_number_;  // frames that were copied are older than the states that follow
        if (!states_.refresh(head, memory_)) {
            ++health_.read_errors;
            return PassResult::kTorn;
        }
    }
    if (next_interpreter != 0) health_.interpreters = 2;

    pass.t_ns = now_ns_;
    pass.switch_number = reading.switch_number;
    pass.mutex_users = reading.mutex_users;
    pass.switch_users = reading.switch_users;
    if (reading.locked) pass.flags |= kPassLocked;
    if (collecting != 0) pass.flags |= kPassCollecting;
    if (drop_request != 0) pass.flags |= kPassDropRequest;
    return PassResult::kTaken;
}

void PassTaker::plan_states(bool with_frames) {
    for (ThreadStates::State& state : states_.states()) {
        if (state.wanted) states_.plan(state, memory_);
        Thread* thread = with_frames ? threads_.find(state.thread) : nullptr;
        if (thread == nullptr || thread->quiet) continue;
        thread->frames.plan(memory_);
        thread->planned_batch = batch_number_;
    }
}

void PassTaker::collect_states(bool with_frames) {
    for (ThreadStates::State& state : states_.states()) {
        if (state.wanted) states_.collect(state, memory_);
        Thread* thread = with_frames ? threads_.find(state.thread) : nullptr;
        if (thread != nullptr && thread->planned_batch == batch_number_)
            thread->frames.collect(memory_);
    }
}

// Which thread state belongs to which thread. While a thread starts, its new state may still carry
// the tid of the thread that made it; the one that has frames is the real one. A new state may lie
// where that of a thread that has just ended lay: it is nobody's until it carries a tid itself.
void PassTaker::find_threads(Address holder) {
    watched_.clear();
    for (ThreadStates::State& state : states_.states()) {
        Thread* thread = nullptr;
        if (!state.wanted)
            thread = threads_.find(state.thread);
        else if (const pid_t tid = states_.tid(state); tid != 0)
            thread = threads_.find_or_add(tid, states_.ident(state));
        state.thread = {};
        if (thread == nullptr) continue;
        if (thread->pass == pass_number_) {
            const auto other = std::find_if(watched_.begin(), watched_.end(),
                                            [&](const Watched& w) { return w.thread == thread; });
            const bool has_frame = field<Address>(state.copy.data(), layout_.thread_frame) != 0;
            if (other != watched_.end() && (has_frame || state.address == holder) &&
                other->state->address != holder) {
                std::swap(other->state->thread, state.thread);
                other->state = &state;
            }
            continue;
        }
        thread->pass = pass_number_;
        state.thread = threads_.ref(*thread);
        watched_.push_back({thread, &state});
    }
}

// A Python thread is in the kernel's list before it has written its tid into its state. One that is
// listed counts as native in the next pass if no state is nobody's then, else when it is listed
// again.
void PassTaker::find_native_threads() {
    const auto& states = states_.states();
    const bool all_claimed = std::all_of(
        states.begin(), states.end(), [](const auto& state) { return state.thread.id != kNone; });
    if (all_claimed) {
        for (const pid_t tid : strangers_) threads_.find_or_add(tid, 0);
        strangers_.clear();
    }
    if (now_ns_ - native_listed_ns_ < kListNativeEveryNs) return;
    native_listed_ns_ = now_ns_;
    std::vector<pid_t> unknown;
    for (const pid_t tid : files_.tids()) {
        if (threads_.find(tid) != nullptr) continue;
        const bool again = std::find(strangers_.begin(), strangers_.end(), tid) != strangers_.end();
        if (again)
            threads_.find_or_add(tid, 0);
        else
            unknown.push_back(tid);
    }
    strangers_ = std::move(unknown);
}

void PassTaker::plan_slice(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
        auto& [thread, state] = watched_[i];
        if (thread->quiet && !state->wanted) continue;
        states_.plan(*state, memory_);
        if (thread->quiet) continue;
        thread->frames.plan(memory_);
        thread->planned_batch = batch_number_;
    }
}

void PassTaker::collect_slice(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
        auto& [thread, state] = watched_[i];
        if (thread->quiet && !state->wanted) continue;
        states_.collect(*state, memory_);
        if (!thread->quiet) thread->frames.collect(memory_);
    }
}

// A thread that rested outside the GIL and has not been on a CPU since (in schedstat its CPU time
// and its time slices are the same) is still where it was, or was woken and queues for a CPU, which
// find_woken() tells: one read instead of two, and no stack.
bool PassTaker::read_kernel_facts(Thread& thread, LookRow& look) {
    Schedstat stat;
    if (thread.resting) {
        if (thread.files.read(stat) == ReadResult::kGone) return false;
        if (stat.cpu_ns == thread.last.cpu_ns && stat.timeslices == thread.last.timeslices) {
            look = thread.last;
            look.queued_ns = stat.queued_ns;
            thread.quiet = true;
            return true;
        }
    }
    thread.quiet = false;
    threads_.keep_files(thread);
    Syscall call;
    if (thread.files.read(call) == ReadResult::kGone) return false;
    if (thread.files.read(stat) == ReadResult::kGone) return false;
    look.thread = thread.id;
    look.stack = kNone;
    look.cpu_ns = stat.cpu_ns;
    look.queued_ns = stat.queued_ns;
    look.timeslices = stat.timeslices;
    look.syscall = call.number;
    look.futex = call.number == kFutex ? call.argument : 0;
    const Address offset = look.futex - layout_.gil_address;
    look.gil_word = look.futex != 0 && offset < static_cast<Address>(layout_.gil_size)
                        ? static_cast<std::int16_t>(offset)
                        : std::int16_t{-1};
    // Frames are copied before these files are read: those of a thread that ran at its last look
    // may be from before it fell asleep. Some kernels account for no time slices: nothing can be
    // told from them there.
    const bool slept_on =
        stat.cpu_ns == thread.last.cpu_ns && stat.timeslices == thread.last.timeslices;
    if (thread.last.timeslices != 0 && stat.queued_ns != kSchedstatUnreadable)
        queued_ns_ += stat.queued_ns - std::min(thread.last.queued_ns, stat.queued_ns);
    thread.resting = slept_on && call.number >= kSyscallOutside && look.gil_word < 0 &&
                     stat.timeslices != 0 && stat.timeslices != kTimeslicesUnreadable;
    return true;
}

// One look without what is read of the thread's memory; none of a thread that has ended.
void PassTaker::add_look(const Watched& watched, std::vector<LookRow>& looks) {
    LookRow look{};
    if (!read_kernel_facts(*watched.thread, look)) {
        threads_.end(*watched.thread, now_ns_);
        states_changed_ = states_changed_ || watched.state != nullptr;
        return;
    }
    if (look.syscall == kSyscallRunning && watched.thread->tid != own_tid_) ++runnable_seen_;
    looks.push_back(look);
    seen_.push_back(watched);
}

// A thread that was woken and queues for a CPU has the very schedstat with which it fell asleep.
// Its other file tells, which costs more than the rest of its look: it is read only while the
// machine has more runnable tasks than this thread and those that were just seen.
void PassTaker::find_woken(std::size_t first, std::vector<LookRow>& looks) {
    const auto may_be_woken = [&](std::size_t i) {
        return seen_[i].thread->quiet && looks[first + i].syscall != kSyscallRunning;
    };
    std::size_t i = 0;
    while (i < seen_.size() && !may_be_woken(i)) ++i;
    if (i == seen_.size()) return;
    const std::optional<std::size_t> tasks = run_queue_.tasks();
    if (tasks && *tasks <= runnable_seen_ + 1) return;
    for (; i < seen_.size(); ++i) {
        Syscall call;
        if (!may_be_woken(i) || seen_[i].thread->files.read(call) != ReadResult::kOk ||
            call.number != kSyscallRunning)
            continue;
        looks[first + i].syscall = kSyscallRunning;
        looks[first + i].futex = 0;
        ++runnable_seen_;
    }
}

// What the batch did not copy is read now: the state of a thread that has just begun to run again
// is old.
StackResult PassTaker::read_stack(Thread& thread, ThreadStates::State& state) {
    StackResult result{kUnreadable, false, false};
    if (thread.planned_batch == batch_number_)
        result = thread.frames.walk(states_.innermost_frame(state, memory_), true, memory_, layout_,
                                    codes_, stacks_, now_ns_);
    for (int attempt = 0; result.stack == kUnreadable && attempt < kStackAttempts; ++attempt) {
        if (!states_.reread(state, memory_)) break;
        result = thread.frames.walk(states_.innermost_frame(state, memory_), false, memory_,
                                    layout_, codes_, stacks_, now_ns_);
    }
    if (result.stack == kUnreadable) ++health_.read_errors;
    if (result.truncated) ++health_.truncated_stacks;
    return result;
}

void PassTaker::look_at_slice(std::size_t begin, std::size_t end, const GilReading& before,
                              std::vector<LookRow>& looks) {
    const std::size_t first = looks.size();
    seen_.clear();
    for (std::size_t i = begin; i < end; ++i) add_look(watched_[i], looks);
    find_woken(first, looks);
    GilReading after;
    if (!read_gil(after)) after = before;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
        auto& [thread, state] = seen_[i];
        LookRow& look = looks[first + i];
        look.flags = kLookPython;
        if (before.holder() == state->address) look.flags |= kLookHolderBefore;
        if (after.holder() == state->address) look.flags |= kLookHolderAfter;
        if (!before.same(after)) look.flags |= kLookTorn;
        if (before.mutex_owned_by(thread->tid)) look.flags |= kLookMutexOwner;
        if (before.free_since() == state->address) look.flags |= kLookLastHolder;
        if (thread->quiet) {
            look.flags |= thread->last.flags & kLookEvalCheck;
        } else {
            const StackResult result = read_stack(*thread, *state);
            if (result.eval_check) look.flags |= kLookEvalCheck;
            look.stack = result.stack;
        }
        thread->last = look;
    }
}

void PassTaker::look_at_native_threads(std::vector<LookRow>& looks) {
    const std::size_t first = looks.size();
    seen_.clear();
    for (const std::unique_ptr<Thread>& thread : threads_.slots())
        if (thread != nullptr && !thread->ended && thread->pass != pass_number_)
            add_look({thread.get(), nullptr}, looks);
    find_woken(first, looks);
    for (std::size_t i = 0; i < seen_.size(); ++i) {
        looks[first + i].stack = kNone;
        looks[first + i].flags = 0;
        seen_[i].thread->last = looks[first + i];
    }
}

// A stopped process looks like one whose holder is blocked; only its state tells (facts of
// proc(5)), so it is read when no thread runs: at once when the GIL is locked, now and then when it
// is free.
bool PassTaker::is_stopped(const std::vector<LookRow>& looks, bool locked) {
    const bool nobody_runs = std::none_of(looks.begin(), looks.end(), [](const LookRow& look) {
        return look.syscall == kSyscallRunning;
    });
    if (!nobody_runs) {
        stopped_ = false;
    } else if (locked || stopped_ || pass_number_ % kCheckStoppedEvery == 0) {
        stopped_ = files_.stopped();
    }
    return stopped_;
}

PassResult PassTaker::take(PassRow& pass, std::vector<LookRow>& looks) {
    ++pass_number_;
    pass = {};
    looks.clear();
    runnable_seen_ = 0;
    queued_ns_ = 0;
    before_ns_ = now_ns_;
    codes_.begin_pass();
    threads_.begin_pass();

    const bool single = !states_changed_ && states_.states().size() <= kSlice;
    GilReading first;
    const PassResult read = first_reading(single, first, pass);
    if (read != PassResult::kTaken) return read;
    if (now_ns_ - memory_checked_ns_ > kCheckMemoryEveryNs || states_changed_) {
        memory_checked_ns_ = now_ns_;
        if (memory_.lost(layout_.gil_address)) return PassResult::kLost;
    }
    const bool planned = single && !states_changed_;  // the batch has the frames of one slice
    last_holder_ = first.holder();
    find_threads(last_holder_);
    find_native_threads();
    states_changed_ = false;

    pass.holder = first.locked ? kUnreadable : kNone;
    const auto has_gil = [&](const Watched& watched) {
        return watched.state->address == first.holder();
    };
    const auto holder = std::find_if(watched_.begin(), watched_.end(), has_gil);
    if (holder != watched_.end()) {
        pass.holder = holder->thread->id;
        if (states_.drop_requested(*holder->state)) pass.flags |= kPassDropRequest;
    }
    // Of many, those that may be running come first: their looks are close to the reading of the
    // GIL that they are judged by, and find_woken() knows how many run.
    if (!planned)
        std::stable_partition(watched_.begin(), watched_.end(), [&](const Watched& watched) {
            return has_gil(watched) || !watched.thread->quiet;
        });

    if (watched_.size() <= kSlice) {
        look_at_slice(0, watched_.size(), first, looks);
    } else {
        for (std::size_t begin = 0; begin < watched_.size(); begin += kSlice) {
            const std::size_t end = std::min(begin + kSlice, watched_.size());
            ++batch_number_;
            memory_.clear();
            plan_slice(begin, end);
            const std::size_t gil =
                memory_.add(layout_.gil_address, gil_copy_.data(), gil_copy_.size());
            memory_.run();
            if (!memory_.ok(gil)) return PassResult::kLost;
            collect_slice(begin, end);
            look_at_slice(begin, end, GilReading::parse(gil_copy_.data(), layout_), looks);
        }
    }
    look_at_native_threads(looks);

    GilReading last;
    if (!read_gil(last)) return PassResult::kLost;
    if (!first.same(last)) {
        pass.flags |= kPassTorn;
        ++health_.torn;
    }
    if (is_stopped(looks, first.locked)) pass.flags |= kPassStopped;
    pass.span_ns =
        static_cast<std::uint32_t>(std::min<std::int64_t>(monotonic_ns() - now_ns_, UINT32_MAX));
    pass.look_count = static_cast<std::uint32_t>(looks.size());
    ++health_.passes;
    return PassResult::kTaken;
}

bool PassTaker::crowded() const {
    const double gap_ns = static_cast<double>(now_ns_ - before_ns_);
    return static_cast<double>(queued_ns_) > kCrowdedQueue * gap_ns || run_queue_.full();
}

Definitions PassTaker::take_definitions() {
    return {codes_.take_new_functions(), codes_.take_new_frames(), stacks_.take_new(),
            threads_.take_begun(), threads_.take_ended()};
}

}  // namespace gilprof
