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

  private:
    Descriptor loadavg_;
};

}  // namespace gilprof
