#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "code_cache.h"
#include "facts.h"
#include "gil.h"
#include "layout.h"
#include "outbox.h"
#include "process_files.h"
#include "remote_memory.h"
#include "run_queue.h"
#include "stack_table.h"
#include "thread_states.h"
#include "thread_table.h"

namespace gilprof {

// CLOCK_MONOTONIC.
std::int64_t monotonic_ns();

enum class PassResult {
    kTaken,
    kTorn,  // the target changed under the reader's hands; the next pass may do
    kLost,  // the target's memory is gone: it ended, or became another program
};

// Takes one look at every thread of the target: the facts, in the order in which they are read.
//
// A pass of up to kSlice Python threads copies everything in one system call and reads the GIL
// again at the end. With more threads each slice has its own two readings, and the holder by the
// pass's first reading comes first, so that a look is never far from the reading that it is judged
// by.
class PassTaker {
  public:
    // `open_files`: see ThreadTable.
    PassTaker(MemorySource& source, pid_t pid, const Layout& layout,
              const std::string& cgroup_events, std::size_t open_files);

    PassResult take(PassRow& pass, std::vector<LookRow>& looks);

    Definitions take_definitions();
    const Health& health() const { return health_; }
    // No CPU was free at the last pass: the machine has as many runnable tasks, or the target's
    // threads stood in the queue for a good part of the time since the pass before.
    bool crowded() const;

  private:
    // Good within one pass: the list of states is not walked anew behind find_threads().
    struct Watched {
        Thread* thread;
        ThreadStates::State* state;
    };

    bool read_gil(GilReading& out);
    PassResult first_reading(bool with_frames, GilReading& reading, PassRow& pass);
    void plan_states(bool with_frames);
    void collect_states(bool with_frames);
    void find_threads(Address holder);
    void find_native_threads();
    void plan_slice(std::size_t begin, std::size_t end);
    void collect_slice(std::size_t begin, std::size_t end);
    void look_at_slice(std::size_t begin, std::size_t end, const GilReading& before,
                       std::vector<LookRow>& looks);
    void look_at_native_threads(std::vector<LookRow>& looks);
    StackResult read_stack(Thread& thread, ThreadStates::State& state);
    bool read_kernel_facts(Thread& thread, LookRow& look);
    void add_look(const Watched& watched, std::vector<LookRow>& looks);
    void find_woken(std::size_t first, std::vector<LookRow>& looks);
    bool is_stopped(const std::vector<LookRow>& looks, bool locked);

    Layout layout_;
    RemoteMemory memory_;
    ProcessFiles files_;
    RunQueue run_queue_;
    CodeCache codes_;
    PairTable stacks_;
    ThreadTable threads_;
    ThreadStates states_;
    Health health_;

    std::vector<Watched> watched_;
    std::vector<Watched> seen_;     // those that the newest looks are of
    std::vector<pid_t> strangers_;  // listed by the kernel, and of no thread that is known
    std::size_t runnable_seen_ = 0;
    std::uint64_t queued_ns_ = 0;  // by which the looks of this pass are ahead of those before
    const pid_t own_tid_;
    std::vector<unsigned char> gil_copy_;
    std::uint64_t pass_number_ = 0;
    std::uint64_t batch_number_ = 0;
    Address last_holder_ = 0;
    std::int64_t all_copied_ns_ = 0;
    std::int64_t native_listed_ns_ = 0;
    std::int64_t memory_checked_ns_ = 0;
    std::int64_t now_ns_ = 0;
    std::int64_t before_ns_ = 0;  // the pass before
    bool states_changed_ = true;
    bool stopped_ = false;
};

}  // namespace gilprof
