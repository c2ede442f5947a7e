#pragma once

#include <cstddef>
#include <cstdint>

namespace gilprof {

// The rows that Python gets: gilprof/model.py, PASS_DTYPE and LOOK_DTYPE, byte for byte.

constexpr std::int32_t kNone = -1;
constexpr std::int32_t kUnreadable = -2;

constexpr std::int16_t kSyscallOutside = -1;
constexpr std::int16_t kSyscallRunning = -2;
constexpr std::int16_t kSyscallUnreadable = -3;

constexpr std::uint64_t kSchedstatUnreadable = UINT64_MAX;
constexpr std::uint32_t kTimeslicesUnreadable = UINT32_MAX;

enum PassFlag : std::uint32_t {
    kPassLocked = 1,
    kPassDropRequest = 2,
    kPassCollecting = 4,
    kPassTorn = 8,
    kPassStopped = 16,
};

enum LookFlag : std::uint32_t {
    kLookHolderBefore = 1,
    kLookHolderAfter = 2,
    kLookTorn = 4,
    kLookPython = 8,
    kLookEvalCheck = 16,
    kLookMutexOwner = 32,
    kLookLastHolder = 64,
};

struct PassRow {
    std::int64_t t_ns;
    std::uint64_t switch_number;
    std::uint32_t span_ns;
    std::uint32_t look_count;
    std::int32_t holder;
    std::uint16_t mutex_users;
    std::uint16_t switch_users;
    std::uint32_t flags;
    std::uint32_t gap_ns;
    std::int32_t domain;
    std::uint32_t reserved;
};
static_assert(sizeof(PassRow) == 48);

struct LookRow {
    std::uint64_t cpu_ns;
    std::uint64_t queued_ns;
    std::uint64_t futex;
    std::uint32_t timeslices;
    std::int32_t thread;
    std::int32_t stack;
    std::int16_t syscall;
    std::int16_t gil_word;
    std::uint32_t flags;
    std::uint32_t reserved;
};
static_assert(sizeof(LookRow) == 48);

}  // namespace gilprof
