#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "layout.h"
#include "remote_memory.h"

namespace gilprof::test {

// A made-up target: one stretch of memory at kBase, with everything that a pass reads in it.
class Image final : public MemorySource {
  public:
    static constexpr Address kBase = 0x7f0000000000;
    static constexpr std::size_t kSize = 1 << 20;

    Image() : bytes_(kSize) {}

    ssize_t copy(const iovec* local, const iovec* remote, std::size_t count) override {
        ssize_t copied = 0;
        copies_ += count;
        for (std::size_t i = 0; i < count; ++i) {
            const auto address = reinterpret_cast<Address>(remote[i].iov_base);
            const std::size_t size = remote[i].iov_len;
            if (size == 0) continue;
            if (address < kBase || address - kBase > kSize || size > kSize - (address - kBase)) {
                if (copied == 0) errno = EFAULT;
                return copied == 0 ? -1 : copied;
            }
            std::memcpy(local[i].iov_base, bytes_.data() + (address - kBase), size);
            copied += static_cast<ssize_t>(size);
            copied_ += size;
        }
        return copied;
    }

    bool same(Address) override { return true; }

    Address allocate(std::size_t size) {
        const Address out = kBase + used_;
        used_ += (size + 15) / 16 * 16;
        return out;
    }

    // What has been asked for: pieces, and the bytes that were there.
    std::size_t copies() const { return copies_; }
    std::size_t copied() const { return copied_; }
    void forget_copies() { copies_ = copied_ = 0; }

    template <typename T>
    void set(Address address, std::int64_t offset, T value) {
        std::memcpy(bytes_.data() + (address - kBase) + static_cast<std::size_t>(offset), &value,
                    sizeof value);
    }

    std::vector<unsigned char>& bytes() { return bytes_; }
    std::size_t used() const { return used_; }

  private:
    std::vector<unsigned char> bytes_;
    std::size_t used_ = 4096;
    std::size_t copies_ = 0;
    std::size_t copied_ = 0;
};

// The offsets of CPython 3.11 (gilprof/target/layouts/3.11.json); addresses are set by build().
Layout layout_3_11();

// An interpreter with a thread state for each tid, `depth` frames deep in one function; the last
// one, which comes first in the interpreter's list, has the GIL. Returns the states' addresses.
std::vector<Address> build(Image& image, Layout& layout, const std::vector<pid_t>& tids,
                           std::size_t depth);

Address make_unicode(Image& image, const Layout& layout, const std::string& text);

}  // namespace gilprof::test
