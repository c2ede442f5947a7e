#include "process_files.h"

#include <unistd.h>

#include <charconv>
#include <cstring>

namespace gilprof {
ProcessFiles::ProcessFiles(pid_t pid, const std::string& cgroup_events)
    : tasks_(::opendir(("/proc/" + std::to_string(pid) + "/task").c_str())),
      stat_(open_read("/proc/" + std::to_string(pid) + "/stat")),
      cgroup_(cgroup_events.empty() ? Descriptor() : open_read(cgroup_events)) {}

std::vector<pid_t> ProcessFiles::tids() const {
    std::vector<pid_t> out;
    if (!tasks_) return out;
    ::rewinddir(tasks_.get());
    while (const dirent* entry = ::readdir(tasks_.get())) {
        pid_t tid = 0;
        const char* end = entry->d_name + std::strlen(entry->d_name);
        if (std::from_chars(entry->d_name, end, tid).ptr == end && tid > 0) out.push_back(tid);
    }
    return out;
}

bool ProcessFiles::stopped() const {
    char text[512];
    const ssize_t length = stat_.open() ? ::pread(stat_.get(), text, sizeof text - 1, 0) : -1;
    if (length > 0) {
        text[length] = '\0';
        // "PID (NAME) STATE ...": the name may hold parentheses, the last one closes it.
        const char* close = std::strrchr(text, ')');
        if (close != nullptr && close[1] == ' ' && (close[2] == 'T' || close[2] == 't'))
            return true;
    }
    const ssize_t events = cgroup_.open() ? ::pread(cgroup_.get(), text, sizeof text - 1, 0) : -1;
    if (events <= 0) return false;
    text[events] = '\0';
    return std::strstr(text, "frozen 1") != nullptr;
}

}  // namespace gilprof
