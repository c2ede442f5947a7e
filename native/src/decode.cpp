#include "decode.h"

#include <algorithm>
#include <array>

namespace gilprof {
namespace {

void append_utf8(std::string& out, std::uint32_t c) {
    if (c > 0x10ffff) c = 0xfffd;
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xc0 | (c >> 6));
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xe0 | (c >> 12));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else {
        out += static_cast<char>(0xf0 | (c >> 18));
        out += static_cast<char>(0x80 | ((c >> 12) & 0x3f));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    }
}

// The variable-length numbers of a location table; a table that ends too early ends the decoding.
class TableReader {
  public:
    explicit TableReader(const std::vector<std::uint8_t>& table) : table_(table) {}
    bool more() const { return at_ < table_.size(); }
    std::uint8_t byte() { return more() ? table_[at_++] : 0; }
    void skip(std::size_t count) { at_ = std::min(table_.size(), at_ + count); }
    std::uint32_t varint() {
        std::uint32_t value = 0;
        for (unsigned shift = 0; shift < 30; shift += 6) {
            const std::uint8_t b = byte();
            value |= static_cast<std::uint32_t>(b & 0x3f) << shift;
            if (!(b & 0x40)) break;
        }
        return value;
    }
    std::int32_t signed_varint() {
        const std::uint32_t value = varint();
        const auto magnitude = static_cast<std::int32_t>(value >> 1);
        return value & 1 ? -magnitude : magnitude;
    }

  private:
    const std::vector<std::uint8_t>& table_;
    std::size_t at_ = 0;
};

}  // namespace

std::optional<std::string> read_unicode(RemoteMemory& memory, const Layout& layout,
                                        Address address) {
    std::array<unsigned char, kMaxUnicodeHeader> header;
    const auto header_size = static_cast<std::size_t>(layout.unicode_state) + 4;
    if (!memory.read(address, header.data(), header_size)) return std::nullopt;
    const auto state = field<std::uint32_t>(header.data(), layout.unicode_state);
    const std::uint32_t bits = state >> layout.unicode_kind_shift;
    const std::uint32_t kind = bits & 7;
    const bool compact = bits & 8;
    const bool ascii = bits & 16;
    if (!compact || (kind != 1 && kind != 2 && kind != 4)) return std::nullopt;
    const std::uint64_t length =
        std::min(field<std::uint64_t>(header.data(), layout.unicode_length), kMaxCharacters);
    const std::int64_t offset = ascii ? layout.unicode_ascii_data : layout.unicode_compact_data;
    std::vector<unsigned char> data(length * kind);
    if (length != 0 &&
        !memory.read(address + static_cast<Address>(offset), data.data(), data.size()))
        return std::nullopt;
    std::string out;
    out.reserve(length);
    for (std::uint64_t i = 0; i < length; ++i) {
        std::uint32_t c = 0;
        for (std::uint32_t b = 0; b < kind; ++b)
            c |= static_cast<std::uint32_t>(data[i * kind + b]) << (8 * b);
        append_utf8(out, c);
    }
    return out;
}

std::optional<std::vector<std::uint8_t>> read_bytes(RemoteMemory& memory, const Layout& layout,
                                                    Address address, std::uint64_t limit) {
    std::uint64_t size = 0;
    if (!memory.read(address + static_cast<Address>(layout.bytes_size), &size, sizeof size) ||
        size > limit)
        return std::nullopt;
    std::vector<std::uint8_t> out(size);
    if (size != 0 &&
        !memory.read(address + static_cast<Address>(layout.bytes_data), out.data(), size))
        return std::nullopt;
    return out;
}

std::vector<std::int32_t> decode_lines(const std::vector<std::uint8_t>& table,
                                       std::int32_t first_line, std::size_t units) {
    enum : unsigned { kOneLine = 10, kNoColumns = 13, kLong = 14, kNone = 15 };
    std::vector<std::int32_t> lines(units, first_line);
    TableReader reader(table);
    std::size_t unit = 0;
    std::uint32_t line = static_cast<std::uint32_t>(first_line);
    std::int32_t shown = first_line;
    while (reader.more() && unit < units) {
        const std::uint8_t head = reader.byte();
        const unsigned form = (head >> 3) & 15;
        const std::size_t length = (head & 7u) + 1;
        if (form < kOneLine) {
            reader.skip(1);
        } else if (form < kNoColumns) {
            line += form - kOneLine;
            reader.skip(2);
        } else if (form != kNone) {
            line += static_cast<std::uint32_t>(reader.signed_varint());
            if (form == kLong)
                for (int i = 0; i < 3; ++i) reader.varint();
        }
        if (form != kNone) shown = static_cast<std::int32_t>(line);
        const std::size_t end = std::min(units, unit + length);
        std::fill(lines.begin() + static_cast<std::ptrdiff_t>(unit),
                  lines.begin() + static_cast<std::ptrdiff_t>(end), shown);
        unit = end;
    }
    return lines;
}

}  // namespace gilprof
