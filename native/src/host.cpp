#include "host.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "thread_table.h"

namespace gilprof {
namespace {

constexpr std::size_t kFilesOfThread = 2;
constexpr std::size_t kOtherFiles = 32;  // of the sampler's, and what a pass opens for a read
constexpr std::uint64_t kShortSliceNs = 100'000;

// linux/close_range.h and asm/unistd.h, which may be older than the kernel.
constexpr long kCloseRange = 436;
constexpr unsigned kCloseRangeUnshare = 2;

// sched_setattr(2), SCHED_ATTR_SIZE_VER0.
struct SchedulerAttributes {
    std::uint32_t size;
    std::uint32_t policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime_ns;
    std::uint64_t deadline_ns;
    std::uint64_t period_ns;
};
static_assert(sizeof(SchedulerAttributes) == 48);

bool read_attributes(SchedulerAttributes& out) {
    out = {};
    return ::syscall(SYS_sched_getattr, 0, &out, sizeof out, 0u) == 0;
}

}  // namespace

bool leave_descriptor_table() { return ::syscall(kCloseRange, 0u, ~0u, kCloseRangeUnshare) == 0; }

std::size_t open_files(bool own_table, bool own_process) {
    rlimit limit;
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || (own_process && !own_table)) return 0;
    const auto most = static_cast<std::size_t>(
        std::min<rlim_t>(limit.rlim_cur, kFilesOfThread * kMaxThreads + kOtherFiles));
    const std::size_t ours = own_table ? most : most / 2;
    return ours < kOtherFiles ? 0 : (ours - kOtherFiles) / kFilesOfThread;
}

// A SCHED_OTHER or SCHED_BATCH thread may ask for a slice in sched_runtime since Linux 6.12
// (EEVDF); older kernels ignore it, and report none.
bool ask_for_short_slice() {
    SchedulerAttributes attributes;
    if (!read_attributes(attributes)) return false;
    if (attributes.policy != SCHED_OTHER && attributes.policy != SCHED_BATCH) return true;
    attributes.size = sizeof attributes;
    attributes.runtime_ns = kShortSliceNs;
    if (::syscall(SYS_sched_setattr, 0, &attributes, 0u) != 0) return false;
    return read_attributes(attributes) && attributes.runtime_ns == kShortSliceNs;
}

}  // namespace gilprof
