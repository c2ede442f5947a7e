#include "sampler.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <utility>

#include "host.h"
#include "pace.h"
#include "rate_limit.h"

namespace gilprof {
namespace {

constexpr double kMaxGapNs = 4e9;            // what a pass can tell of the gap before it
constexpr std::int64_t kNapNs = 50'000'000;  // the longest sleep in which a stop goes unnoticed

std::uint64_t cpu_clock_ns(clockid_t clock) {
    timespec now;
    if (::clock_gettime(clock, &now) != 0) return 0;
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

Sampler::Sampler(pid_t pid, const Layout& layout, double rate_hz, bool follows,
                 const std::string& cgroup_events, OpenSource open_source)
    : pid_(pid),
      layout_(layout),
      cgroup_events_(cgroup_events),
      open_source_(std::move(open_source)),
      mean_gap_ns_(1e9 / rate_hz),
      follows_(follows),
      random_(std::random_device{}()) {}

Sampler::~Sampler() { stop(); }

// A thread begins with its maker's signal mask.
void Sampler::start() {
    const SignalsBlocked blocked;
    thread_ = std::thread(&Sampler::run, this);
    tid_.wait(0);
}

void Sampler::stop() {
    stopping_ = true;
    if (!thread_.joinable()) return;
    if (maker_ == ::getpid())
        thread_.join();
    else
        // A forked copy: the thread is in the parent only, and nothing here can be joined or
        // detached.
        static_cast<void>(new std::thread(std::move(thread_)));
}

std::uint64_t Sampler::cpu_ns() {
    clockid_t clock;
    if (final_cpu_ns_ != 0 || !thread_.joinable() ||
        pthread_getcpuclockid(thread_.native_handle(), &clock) != 0)
        return final_cpu_ns_;
    return cpu_clock_ns(clock);
}

bool Sampler::sleep_until(std::int64_t t_ns) const {
    while (!stopping_) {
        const std::int64_t wake = std::min(t_ns, monotonic_ns() + kNapNs);
        const timespec at{wake / 1'000'000'000, wake % 1'000'000'000};
        const int woken = ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
        if (woken == 0 && wake == t_ns) return true;
    }
    return false;
}

void Sampler::run() {
    // Before anything that may fail: whoever waits in start() goes on.
    tid_ = static_cast<pid_t>(::syscall(SYS_gettid));
    tid_.notify_all();
    ::prctl(PR_SET_NAME, "gilprof", 0, 0, 0);
    ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    try {
        const bool own_table = leave_descriptor_table();
        const bool short_slice = ask_for_short_slice();
        const std::unique_ptr<MemorySource> source = open_source_();
        PassTaker taker(*source, pid_, layout_, cgroup_events_,
                        open_files(own_table, pid_ == maker_));
        sample(taker, short_slice);
    } catch (const std::exception& error) {
        outbox_.put_failure(error.what());
    }
    final_cpu_ns_ = cpu_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

void Sampler::sample(PassTaker& taker, bool short_slice) {
    std::uniform_real_distribution<double> around(0.5, 1.5);
    RateLimit limit(mean_gap_ns_);
    Pace pace(mean_gap_ns_);
    double gap_ns = mean_gap_ns_;
    PassRow pass;
    std::vector<LookRow> looks;
    std::int64_t next = monotonic_ns();
    while (!stopping_) {
        const PassResult result = taker.take(pass, looks);
        Health health = taker.health();
        health.short_slice = short_slice;
        health.limited_hz = limit.limits() ? 1e9 / limit.mean_gap_ns() : 0.0;
        if (result == PassResult::kLost) {
            outbox_.put_lost(taker.take_definitions(), health);
            return;
        }
        if (result == PassResult::kTaken) {
            if (follows_) pass.gap_ns = static_cast<std::uint32_t>(std::min(gap_ns, kMaxGapNs));
            outbox_.put(pass, looks, taker.take_definitions(), health);
            limit.add(pass.span_ns);
            if (follows_) pace.add(pass.t_ns, taker.crowded());
        }
        gap_ns = std::max(limit.mean_gap_ns(), pace.mean_gap_ns());
        // Passes that could not be taken in time are missed, not made up for in a burst.
        const std::int64_t now = monotonic_ns();
        next = std::max(next + static_cast<std::int64_t>(around(random_) * gap_ns), now);
        if (next > now && !sleep_until(next)) return;
    }
}

}  // namespace gilprof
