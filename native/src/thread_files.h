#pragma once

#include <sys/types.h>

#include <cstdint>

#include "descriptor.h"
#include "facts.h"

namespace gilprof {

// proc(5), /proc/PID/task/TID/schedstat.
struct Schedstat {
    std::uint64_t cpu_ns = kSchedstatUnreadable;
    std::uint64_t queued_ns = kSchedstatUnreadable;
    std::uint32_t timeslices = kTimeslicesUnreadable;
};

// proc(5), /proc/PID/task/TID/syscall: the call's number or one of facts.h's kSyscall*, and its
// first argument.
struct Syscall {
    std::int16_t number = 0;
    std::uint64_t argument = 0;
};

enum class ReadResult { kOk, kGone, kFailed };

// The two files of one thread that a look reads: kept open, or opened for each read. A read costs 1
// to 2 us, an open five times that.
class ThreadFiles {
  public:
    ThreadFiles(pid_t pid, pid_t tid) : pid_(pid), tid_(tid) {}

    // Opens both, to stay open; false, and neither is, when the process may open no more files.
    bool keep();
    void close();
    bool kept() const { return syscall_.open() || schedstat_.open(); }

    ReadResult read(Syscall& out) const;
    ReadResult read(Schedstat& out) const;

  private:
    ReadResult read_text(const Descriptor& kept, const char* name, char* text,
                         std::size_t size) const;

    pid_t pid_;
    pid_t tid_;
    Descriptor syscall_;
    Descriptor schedstat_;
};

}  // namespace gilprof
