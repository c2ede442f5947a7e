#include "gil.h"

#include <algorithm>

#include "decode.h"

namespace gilprof {
namespace {

// glibc's struct __pthread_mutex_s (sysdeps/nptl/bits/struct_mutex.h), the same in all versions:
// __lock, __count, __owner, __nusers. A thread that waits on a condition variable stays a user of
// its mutex: pthread_cond_wait unlocks it without counting down.
constexpr std::int64_t kMutexOwner = 8;
constexpr std::int64_t kMutexUsers = 12;

std::uint16_t users(const unsigned char* gil, std::int64_t mutex) {
    const auto count = field<std::uint32_t>(gil, mutex + kMutexUsers);
    return static_cast<std::uint16_t>(std::min<std::uint32_t>(count, UINT16_MAX));
}

}  // namespace

GilReading GilReading::parse(const unsigned char* copy, const Layout& layout) {
    GilReading out;
    out.switch_number = field<std::uint64_t>(copy, layout.gil_switch_number);
    out.last_holder = field<Address>(copy, layout.gil_last_holder);
    out.locked = field<std::int32_t>(copy, layout.gil_locked) == 1;
    out.mutex_users = users(copy, layout.gil_mutex);
    out.mutex_owner = field<std::int32_t>(copy, layout.gil_mutex + kMutexOwner);
    out.switch_users = users(copy, layout.gil_switch_mutex);
    out.switch_owner = field<std::int32_t>(copy, layout.gil_switch_mutex + kMutexOwner);
    return out;
}

bool GilReading::same(const GilReading& other) const {
    return switch_number == other.switch_number && holder() == other.holder() &&
           locked == other.locked;
}

}  // namespace gilprof
