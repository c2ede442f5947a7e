#pragma once

#include <dirent.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "descriptor.h"

namespace gilprof {

// The files of /proc/PID that tell of the process as a whole, kept open.
class ProcessFiles {
  public:
    // `cgroup_events`: the cgroup.events file of the target's cgroup (v2); empty: not looked at.
    ProcessFiles(pid_t pid, const std::string& cgroup_events);

    // The kernel's list of threads; empty once the process is gone.
    std::vector<pid_t> tids() const;

    // SIGSTOP or a tracer (state T or t in /proc/PID/stat), or a frozen cgroup.
    bool stopped() const;

  private:
    struct CloseDirectory {
        void operator()(DIR* directory) const { ::closedir(directory); }
    };

    std::unique_ptr<DIR, CloseDirectory> tasks_;
    Descriptor stat_;
    Descriptor cgroup_;
};

}  // namespace gilprof
