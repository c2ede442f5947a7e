#include "run_queue.h"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

namespace gilprof {

RunQueue::RunQueue() : loadavg_(open_read("/proc/loadavg")) {
    struct statfs about;
    if (loadavg_.open() &&
        (::fstatfs(loadavg_.get(), &about) != 0 || about.f_type != PROC_SUPER_MAGIC))
        loadavg_ = {};
}

std::optional<std::size_t> RunQueue::tasks() const {
    char text[128];
    const ssize_t length = loadavg_.open() ? ::pread(loadavg_.get(), text, sizeof text - 1, 0) : -1;
    if (length <= 0) return {};
    text[length] = '\0';
    const char* at = text;
    for (int field = 0; field < 3; ++field) {
        at = std::strchr(at, ' ');
        if (at == nullptr) return {};
        ++at;
    }
    std::size_t tasks = 0;
    const auto [end, error] = std::from_chars(at, text + length, tasks);
    if (error != std::errc() || *end != '/') return {};
    return tasks;
}

}  // namespace gilprof
