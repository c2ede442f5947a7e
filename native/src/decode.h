#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "layout.h"
#include "remote_memory.h"

namespace gilprof {

// A field of a struct that was copied from the target.
template <typename T>
T field(const void* copy, std::int64_t offset) {
    T value;
    __builtin_memcpy(&value, static_cast<const char*>(copy) + offset, sizeof value);
    return value;
}

// A str of the target as UTF-8 (lone surrogates as three bytes each, as Python's "surrogatepass");
// cut at kMaxCharacters. Nothing when it is no readable compact str.
constexpr std::uint64_t kMaxCharacters = 1024;
std::optional<std::string> read_unicode(RemoteMemory& memory, const Layout& layout,
                                        Address address);

// A bytes object of the target of at most `limit` bytes.
std::optional<std::vector<std::uint8_t>> read_bytes(RemoteMemory& memory, const Layout& layout,
                                                    Address address, std::uint64_t limit);

// The line of every code unit, from a PEP 657 location table (CPython 3.11+, Objects/locations.md):
// a unit without a line has that of the unit before it.
std::vector<std::int32_t> decode_lines(const std::vector<std::uint8_t>& table,
                                       std::int32_t first_line, std::size_t units);

}  // namespace gilprof
