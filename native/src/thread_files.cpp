#include "thread_files.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "facts.h"

namespace gilprof {
namespace {

Descriptor open_file(pid_t pid, pid_t tid, const char* name) {
    return open_read("/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/" + name);
}

template <typename Number>
bool take_number(std::string_view& text, Number& out, int base = 10) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    if (base == 16 && text.substr(0, 2) == "0x") text.remove_prefix(2);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

}  // namespace

bool ThreadFiles::keep() {
    Descriptor call = open_file(pid_, tid_, "syscall");
    if (!call.open() && (errno == EMFILE || errno == ENFILE)) return false;
    Descriptor stat = open_file(pid_, tid_, "schedstat");
    if (!stat.open() && (errno == EMFILE || errno == ENFILE)) return false;
    syscall_ = std::move(call);
    schedstat_ = std::move(stat);
    return true;
}

void ThreadFiles::close() {
    syscall_ = {};
    schedstat_ = {};
}

ReadResult ThreadFiles::read_text(const Descriptor& kept, const char* name, char* text,
                                  std::size_t size) const {
    const Descriptor once = kept.open() ? Descriptor() : open_file(pid_, tid_, name);
    const int fd = kept.open() ? kept.get() : once.get();
    if (fd < 0) return errno == ENOENT || errno == ESRCH ? ReadResult::kGone : ReadResult::kFailed;
    const ssize_t length = ::pread(fd, text, size - 1, 0);
    if (length < 0) return errno == ESRCH ? ReadResult::kGone : ReadResult::kFailed;
    if (length == 0) return ReadResult::kGone;
    text[length] = '\0';
    return ReadResult::kOk;
}

ReadResult ThreadFiles::read(Syscall& out) const {
    char text[256];
    const ReadResult result = read_text(syscall_, "syscall", text, sizeof text);
    out = {kSyscallUnreadable, 0};
    if (result != ReadResult::kOk) return result;
    if (std::strncmp(text, "running", 7) == 0) {
        out.number = kSyscallRunning;
        return ReadResult::kOk;
    }
    std::string_view rest(text);
    std::int64_t number = 0;
    if (!take_number(rest, number)) return ReadResult::kFailed;
    if (number < 0) {
        out.number = kSyscallOutside;
        return ReadResult::kOk;
    }
    if (number > INT16_MAX || !take_number(rest, out.argument, 16)) return ReadResult::kFailed;
    out.number = static_cast<std::int16_t>(number);
    return ReadResult::kOk;
}

ReadResult ThreadFiles::read(Schedstat& out) const {
    char text[128];
    const ReadResult result = read_text(schedstat_, "schedstat", text, sizeof text);
    out = {};
    if (result != ReadResult::kOk) return result;
    std::string_view rest(text);
    std::uint64_t cpu_ns = 0;
    std::uint64_t queued_ns = 0;
    std::uint64_t timeslices = 0;
    if (!take_number(rest, cpu_ns) || !take_number(rest, queued_ns) ||
        !take_number(rest, timeslices))
        return ReadResult::kFailed;
    out = {cpu_ns, queued_ns, static_cast<std::uint32_t>(timeslices)};
    return ReadResult::kOk;
}

}  // namespace gilprof
