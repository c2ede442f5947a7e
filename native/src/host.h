#pragma once

#include <signal.h>

#include <cstddef>

namespace gilprof {

// What the calling thread asks of the process and the machine that it runs on.

// Gives the thread a descriptor table of its own, empty: what it opens takes no number of the
// process's, and no descriptor of the process's stays open on its account. Needs no privilege.
// False where the kernel cannot (before Linux 5.9), or a seccomp filter forbids it.
bool leave_descriptor_table();

// Of how many threads the files may stay open, two each. `own_table`: see above. `own_process`:
// the one that is watched, which gets to feel what is taken from the table.
std::size_t open_files(bool own_table, bool own_process);

// Asks the scheduler for a short slice, which makes a thread punctual when every CPU is busy; all
// else that it was given stays (its policy, its niceness). Whether the kernel has granted it, or
// schedules the thread by a policy that has no use for one.
bool ask_for_short_slice();

// The calling thread takes no signal as long as this lives; nor does, ever, a thread that begins
// meanwhile.
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    sigset_t before_;
};

}  // namespace gilprof
