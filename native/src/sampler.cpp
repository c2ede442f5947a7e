#include "sampler.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace gilprof {
namespace {

constexpr std::int64_t kNapNs = 50'000'000;  // the longest sleep in which a stop goes unnoticed

// sched_setattr(2). A SCHED_OTHER thread may ask for a short slice in sched_runtime since
// Linux 6.12 (EEVDF); older kernels ignore it. No privilege is needed.
void ask_for_short_slice() {
    struct {
        std::uint32_t size = 48;
        std::uint32_t policy = 0;
        std::uint64_t flags = 0;
        std::int32_t nice = 0;
        std::uint32_t priority = 0;
        std::uint64_t runtime_ns = 100'000;
        std::uint64_t deadline_ns = 0;
        std::uint64_t period_ns = 0;
    } attributes;
    static_assert(sizeof attributes == 48);
    ::syscall(SYS_sched_setattr, 0, &attributes, 0u);
}

std::uint64_t cpu_clock_ns(clockid_t clock) {
    timespec now;
    if (::clock_gettime(clock, &now) != 0) return 0;
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

Sampler::Sampler(pid_t pid, const Layout& layout, double rate_hz, const std::string& cgroup_events)
    : source_(pid),
      taker_(source_, pid, layout, cgroup_events),
      mean_gap_ns_(1e9 / rate_hz),
      random_(std::random_device{}()) {}

Sampler::~Sampler() { stop(); }

void Sampler::start() {
    thread_ = std::thread(&Sampler::loop, this);
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
        ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
        if (wake == t_ns) return true;
    }
    return false;
}

void Sampler::loop() {
    tid_ = static_cast<pid_t>(::syscall(SYS_gettid));
    tid_.notify_all();
    ::prctl(PR_SET_NAME, "gilprof", 0, 0, 0);
    ask_for_short_slice();
    ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    std::uniform_real_distribution<double> gap(0.5 * mean_gap_ns_, 1.5 * mean_gap_ns_);
    PassRow pass;
    std::vector<LookRow> looks;
    std::int64_t next = monotonic_ns();
    while (!stopping_) {
        const PassResult result = taker_.take(pass, looks);
        if (result == PassResult::kLost) {
            outbox_.put_lost(taker_.take_definitions(), taker_.health());
            break;
        }
        if (result == PassResult::kTaken)
            outbox_.put(pass, looks, taker_.take_definitions(), taker_.health());
        // Passes that could not be taken in time are missed, not made up for in a burst.
        const std::int64_t now = monotonic_ns();
        next = std::max(next + static_cast<std::int64_t>(gap(random_)), now);
        if (next > now && !sleep_until(next)) break;
    }
    final_cpu_ns_ = cpu_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

}  // namespace gilprof
