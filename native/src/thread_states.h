#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "layout.h"
#include "remote_memory.h"
#include "thread_table.h"

namespace gilprof {

// The interpreter's linked list of thread states, remembered from pass to pass and verified by its
// own links each time.
class ThreadStates {
  public:
    struct State {
        Address address;
        ThreadRef thread;                 // whose it was in the last pass; none: nobody's yet
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
    // they are, but for the links to those that have. A state that is nobody's is copied until a
    // thread has written its tid into it. `holder`: always copied, others write into its state.
    void choose(bool all, Address holder, ThreadTable& threads);
    void plan_wanted(RemoteMemory& batch);
    void collect_wanted(const RemoteMemory& batch);

    // Whether the copies form the list that begins at `head`.
    bool linked(Address head) const;
    // Walks the list anew; false when it cannot be read or does not end within the bound. Uses the
    // batch for the states that are known, so that one that comes or goes does not cost a system
    // call for every other.
    bool refresh(Address head, RemoteMemory& memory);

    std::vector<State>& states() { return states_; }

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
