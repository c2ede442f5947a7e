#include "remote_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string>

namespace gilprof {
namespace {

constexpr std::size_t kMaxPieces = 1024;  // IOV_MAX on Linux

// Nothing of user space lies in the upper half; a corrupt pointer there must not become a huge
// iovec.
bool plausible(Address address, std::size_t size) {
    constexpr Address kUserEnd = std::numeric_limits<Address>::max() / 2;
    return address != 0 && address < kUserEnd && size < kUserEnd - address;
}

}  // namespace

ProcessMemory::ProcessMemory(pid_t pid)
    : pid_(pid), memory_(open_read("/proc/" + std::to_string(pid) + "/mem")) {}

bool ProcessMemory::same(Address readable) {
    char byte;
    return !memory_.open() || ::pread(memory_.get(), &byte, 1, static_cast<off_t>(readable)) == 1;
}

ssize_t ProcessMemory::copy(const iovec* local, const iovec* remote, std::size_t count) {
    return process_vm_readv(pid_, local, count, remote, count, 0);
}

bool RemoteMemory::read(Address address, void* destination, std::size_t size) {
    if (!plausible(address, size)) return false;
    iovec local{destination, size};
    iovec remote{reinterpret_cast<void*>(address), size};
    const ssize_t copied = source_.copy(&local, &remote, 1);
    if (copied < 0 && errno == ESRCH) gone_ = true;
    return copied == static_cast<ssize_t>(size);
}

void RemoteMemory::clear() {
    local_.clear();
    remote_.clear();
    ok_.clear();
}

std::size_t RemoteMemory::add(Address address, void* destination, std::size_t size) {
    const bool possible = plausible(address, size);
    local_.push_back({destination, possible ? size : 0});
    remote_.push_back({reinterpret_cast<void*>(address), possible ? size : 0});
    ok_.push_back(possible ? 1 : 0);
    return ok_.size() - 1;
}

void RemoteMemory::run() {
    std::size_t next = 0;
    while (next < local_.size()) {
        const std::size_t count = std::min(local_.size() - next, kMaxPieces);
        const ssize_t copied = source_.copy(&local_[next], &remote_[next], count);
        if (copied < 0 && errno == ESRCH) gone_ = true;
        if (gone_) break;
        std::size_t left = copied < 0 ? 0 : static_cast<std::size_t>(copied);
        const std::size_t end = next + count;
        while (next < end && left >= local_[next].iov_len) left -= local_[next++].iov_len;
        if (next < end) ok_[next++] = 0;
    }
    for (; next < ok_.size(); ++next) ok_[next] = 0;
}

}  // namespace gilprof
