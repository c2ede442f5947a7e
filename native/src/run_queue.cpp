#include "run_queue.h"

#include <linux/magic.h>
#include <sched.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

namespace gilprof {

namespace {

std::size_t all_cpus() {
    cpu_set_t mine;
    const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
    if (online <= 0 || ::sched_getaffinity(0, sizeof mine, &mine) != 0) return 0;
    return CPU_COUNT(&mine) < online ? 0 : static_cast<std::size_t>(online);
}

}  // namespace

RunQueue::RunQueue() : cpus_(all_cpus()), loadavg_(open_read("/proc/loadavg")) {
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

bool RunQueue::full() const {
    if (cpus_ == 0) return false;
    const std::optional<std::size_t> running = tasks();
    return running && *running > cpus_;
}

}  // namespace gilprof
