#pragma once

#include <sys/types.h>

#include <cstdint>

#include "layout.h"

namespace gilprof {

// One reading of the GIL's struct (CPython, Include/internal/pycore_gil.h).
struct GilReading {
    // From gil_size bytes that were copied from the target.
    static GilReading parse(const unsigned char* copy, const Layout& layout);

    // Whether the GIL stood still between the two readings.
    bool same(const GilReading& other) const;

    // The thread state that has the GIL; 0: none. last_holder alone says nothing of who has it.
    Address holder() const { return locked ? last_holder : 0; }

    // The thread state since which nobody has had the GIL; 0: somebody has it.
    Address free_since() const { return locked ? 0 : last_holder; }

    // It owns one of the two mutexes: it is taking or dropping the GIL.
    bool mutex_owned_by(pid_t tid) const { return mutex_owner == tid || switch_owner == tid; }

    std::uint64_t switch_number = 0;
    Address last_holder = 0;
    bool locked = false;
    std::uint16_t mutex_users = 0;
    std::uint16_t switch_users = 0;
    pid_t mutex_owner = 0;
    pid_t switch_owner = 0;
};

}  // namespace gilprof
