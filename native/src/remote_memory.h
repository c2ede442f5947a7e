#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <vector>

#include "descriptor.h"
#include "layout.h"

namespace gilprof {

// Where bytes of the target come from: its memory, or an image in a test.
class MemorySource {
  public:
    virtual ~MemorySource() = default;
    // Copies what it can of `remote` to `local` (both of `count` pieces, of equal lengths), in
    // order, up to the first piece that cannot be read. Bytes copied; -1: none, with errno set.
    virtual ssize_t copy(const iovec* local, const iovec* remote, std::size_t count) = 0;
    // Whether the address space that was there at the start still is; an exec or an exit ends it.
    // `readable` is an address that it had.
    virtual bool same(Address readable) = 0;
};

// process_vm_readv(2). It would read the next program's memory after an exec; a descriptor of
// /proc/PID/mem stays with the address space that it was opened on.
class ProcessMemory final : public MemorySource {
  public:
    explicit ProcessMemory(pid_t pid);
    ssize_t copy(const iovec* local, const iovec* remote, std::size_t count) override;
    bool same(Address readable) override;

  private:
    pid_t pid_;
    Descriptor memory_;
};

// Reads many pieces of the target in as few system calls as possible. A piece that cannot be read
// costs one more call and leaves the others whole.
class RemoteMemory {
  public:
    explicit RemoteMemory(MemorySource& source) : source_(source) {}

    bool read(Address address, void* destination, std::size_t size);

    void clear();
    // The piece's index; its result is ok(index) after run().
    std::size_t add(Address address, void* destination, std::size_t size);
    void run();
    bool ok(std::size_t index) const { return ok_[index] != 0; }

    // The process has no memory any more (ESRCH), or another program's.
    bool lost(Address readable) { return gone_ || !source_.same(readable); }

  private:
    MemorySource& source_;
    std::vector<iovec> local_;
    std::vector<iovec> remote_;
    std::vector<unsigned char> ok_;
    bool gone_ = false;
};

}  // namespace gilprof
