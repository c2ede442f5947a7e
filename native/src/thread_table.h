#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "facts.h"
#include "frames.h"
#include "thread_files.h"

namespace gilprof {

constexpr std::size_t kMaxThreads = 20'000;

// One thread of the target, as the kernel knows it.
struct Thread {
    Thread(std::int32_t number, pid_t pid, pid_t kernel_tid)
        : id(number), tid(kernel_tid), files(pid, kernel_tid) {}

    std::int32_t id;
    pid_t tid;
    ThreadFiles files;
    ThreadFrames frames;
    LookRow last{};
    std::uint64_t ident = 0;  // pthread_t, once Python knows the thread
    bool resting = false;     // off the GIL at its last look, and off the CPU since the one before
    bool quiet = false;       // it has not run between its last two looks
    bool ended = false;
    std::uint64_t pass = 0;           // the pass in which its state was last found
    std::uint64_t planned_batch = 0;  // the batch that has its frames
};

// A thread for longer than a pass: its place in the table, and the id by which a later thread in
// the same place is told from it.
struct ThreadRef {
    std::uint32_t slot = 0;
    std::int32_t id = kNone;
};

struct ThreadBegin {
    std::int32_t id;
    pid_t tid;
    std::uint64_t ident;  // pthread_t; 0: Python does not know the thread
};

struct ThreadEnd {
    std::int32_t id;
    std::int64_t t_ns;
};

// All threads under observation. Ids are never used again, tids are.
//
// A `Thread*` is good until the next begin_pass(); what is kept from pass to pass is a ThreadRef.
class ThreadTable {
  public:
    // `open_files`: of so many threads the files stay open; those of the others are opened for
    // each read.
    ThreadTable(pid_t pid, std::size_t open_files) : pid_(pid), open_files_(open_files) {}

    // Forgets the threads that ended in the pass before.
    void begin_pass();

    // Null when there is none, or it has ended.
    Thread* find(pid_t tid);
    Thread* find(ThreadRef ref);
    ThreadRef ref(const Thread& thread) const;
    // Makes it if need be; null when the kernel knows no such thread, or beyond the bound on
    // threads. `ident`: see ThreadBegin; a thread that Python comes to know later begins a second
    // time.
    Thread* find_or_add(pid_t tid, std::uint64_t ident);
    void end(Thread& thread, std::int64_t t_ns);

    // Lets a thread that runs, and so is read often, keep its files open; in the place of one that
    // rests, if need be.
    void keep_files(Thread& thread);

    std::size_t size() const { return slots_by_tid_.size(); }
    // Empty places are null.
    const std::vector<std::unique_ptr<Thread>>& slots() const { return slots_; }

    std::vector<ThreadBegin> take_begun();
    std::vector<ThreadEnd> take_ended();

  private:
    bool make_room();
    bool close_files(Thread* thread);

    pid_t pid_;
    std::size_t open_files_;
    std::size_t kept_ = 0;
    std::size_t next_victim_ = 0;
    std::int32_t next_id_ = 0;
    std::vector<std::unique_ptr<Thread>> slots_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> ended_slots_;
    std::unordered_map<pid_t, std::uint32_t> slots_by_tid_;
    std::vector<ThreadBegin> begun_;
    std::vector<ThreadEnd> ended_;
};

}  // namespace gilprof
