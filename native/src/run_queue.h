#pragma once

#include <cstddef>
#include <optional>

#include "descriptor.h"

namespace gilprof {

// How many tasks of the whole machine are on a CPU or queued for one: proc(5), /proc/loadavg,
// the number before the slash in its fourth field, which is the kernel's nr_running()
// (fs/proc/loadavg.c).
class RunQueue {
  public:
    RunQueue();
    // Empty when it cannot be told, as where a container's file system stands in for the kernel's.
    std::optional<std::size_t> tasks() const;
    // The calling thread left out, there are as many of them as CPUs: none is free. False where
    // that cannot be told, and for a thread that may not run on all of the machine's CPUs.
    bool full() const;

  private:
    std::size_t cpus_;  // that the calling thread may use; 0: not all
    Descriptor loadavg_;
};

}  // namespace gilprof
