#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "facts.h"
#include "frames.h"
#include "layout.h"
#include "remote_memory.h"
#include "thread_files.h"

namespace gilprof {

// One thread of the target, as the kernel knows it.
struct Thread {
    Thread(std::int32_t number, pid_t pid, pid_t kernel_tid)
        : id(number), tid(kernel_tid), files(pid, kernel_tid) {}

    std::int32_t id;
    pid_t tid;
    ThreadFiles files;
    ThreadFrames frames;
    LookRow last{};
    bool looked = false;      // `last` holds a look
    std::uint64_t ident = 0;  // pthread_t, once Python knows the thread
    bool quiet = false;       // it has not run between its last two looks
    std::uint64_t pass = 0;   // the pass of its newest look
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

// All threads under observation by tid. Ids are never used again, tids are.
class ThreadTable {
  public:
    explicit ThreadTable(pid_t pid) : pid_(pid) {}

    Thread* find(pid_t tid);
    // Makes it if need be; null when the kernel knows no such thread, or beyond the bound on
    // threads. `ident`: see ThreadBegin; a thread that Python comes to know later begins a second
    // time.
    Thread* find_or_add(pid_t tid, std::uint64_t ident);
    void end(pid_t tid, std::int64_t t_ns);
    std::vector<Thread*> all();

    std::vector<ThreadBegin> take_begun();
    std::vector<ThreadEnd> take_ended();

  private:
    pid_t pid_;
    std::int32_t next_id_ = 0;
    std::unordered_map<pid_t, std::unique_ptr<Thread>> threads_;
    std::vector<ThreadBegin> begun_;
    std::vector<ThreadEnd> ended_;
};

// The interpreter's linked list of thread states, remembered from pass to pass and verified by its
// own links each time.
class ThreadStates {
  public:
    struct State {
        Address address;
        Thread* thread = nullptr;         // whose it was in the last pass
        bool wanted = true;               // to be copied in this pass
        std::vector<unsigned char> copy;  // thread_size bytes
        Address indirect = 0;             // the C frame that was copied, 3.11 and 3.12
        Address indirect_frame = 0;       // the innermost frame it pointed to
        std::size_t copy_index = 0;
        std::size_t indirect_index = 0;
        bool readable = false;
        bool indirect_readable = false;
    };

    explicit ThreadStates(const Layout& layout) : layout_(layout) {}

    void plan(State& state, RemoteMemory& batch) const;
    void collect(State& state, const RemoteMemory& batch) const;

    // Marks what this pass has to copy: not the states of threads that have not run, which stay as
    // they are, but for the links to those that have. `holder`: always copied, others write into
    // its state.
    void choose(bool all, Address holder);
    void plan_wanted(RemoteMemory& batch);
    void collect_wanted(const RemoteMemory& batch);

    // States that belong to no thread yet: it has not written its tid into it.
    void plan_unclaimed(RemoteMemory& batch);
    void collect_unclaimed(const RemoteMemory& batch);

    // Whether the copies form the list that begins at `head`.
    bool linked(Address head) const;
    // Walks the list anew; false when it cannot be read or does not end within the bound.
    bool refresh(Address head, RemoteMemory& memory);

    std::vector<State>& states() { return states_; }
    State* find(Address address);

    pid_t tid(const State& state) const;
    std::uint64_t ident(const State& state) const;
    bool drop_requested(const State& state) const;
    // The innermost frame by the copy; read again where the C frame has moved since.
    // Copies the one state again; false when it cannot be read.
    bool reread(State& state, RemoteMemory& memory) const;
    Address innermost_frame(State& state, RemoteMemory& memory) const;

  private:
    Address next(const State& state) const;

    const Layout& layout_;
    std::vector<State> states_;
};

}  // namespace gilprof
