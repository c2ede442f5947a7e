#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "layout.h"
#include "outbox.h"
#include "pass.h"
#include "remote_memory.h"

namespace gilprof {

// Takes passes at random times on a thread of its own, which never touches the Python API.
//
// Gaps are uniform between 0.5 and 1.5 of the mean: a fixed beat would lock step with the switch
// interval. The thread asks for a short scheduler slice, so that it is punctual when every CPU is
// busy: a late sampler runs when somebody has just blocked, and sees waits too often.
//
// It may live in somebody's own process: it takes no signal, its descriptors are in a table of its
// own, and what goes wrong in it ends the profile, not the process.
class Sampler {
  public:
    using OpenSource = std::function<std::unique_ptr<MemorySource>()>;

    // `open_source`: called on the sampler's thread, in whose table the descriptors have to be.
    // `follows`: `rate_hz` is where a CPU is free; there are fewer passes where none is.
    Sampler(pid_t pid, const Layout& layout, double rate_hz, bool follows,
            const std::string& cgroup_events, OpenSource open_source);
    ~Sampler();
    Sampler(const Sampler&) = delete;
    Sampler& operator=(const Sampler&) = delete;

    void start();
    void stop();
    Delivery take() { return outbox_.take(); }

    // CPU time of the sampler's thread.
    std::uint64_t cpu_ns();
    // The kernel's number of the sampler's thread; 0 before start.
    pid_t tid() const { return tid_; }

  private:
    void run();
    void sample(PassTaker& taker, bool short_slice);
    bool sleep_until(std::int64_t t_ns) const;

    const pid_t pid_;
    const Layout layout_;
    const std::string cgroup_events_;
    const OpenSource open_source_;
    Outbox outbox_;
    const double mean_gap_ns_;
    const bool follows_;
    std::mt19937_64 random_;
    std::atomic<bool> stopping_ = false;
    std::atomic<std::uint64_t> final_cpu_ns_ = 0;
    std::atomic<pid_t> tid_ = 0;
    const pid_t maker_ = ::getpid();
    std::thread thread_;
};

}  // namespace gilprof
