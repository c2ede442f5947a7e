#include "code_cache.h"

#include <array>
#include <utility>

#include "decode.h"

namespace gilprof {
namespace {

constexpr std::int64_t kTrustNs = 20'000'000;
constexpr std::size_t kMaxCodes = 100'000;
constexpr std::size_t kMaxFunctions = 200'000;
constexpr std::size_t kMaxFrames = 1'000'000;
constexpr std::int64_t kMaxUnits = 1'000'000;
// Of all code objects together: some 160 MB. Those of a hostile target may overlap, so that a few
// of its pages would do for any number of large ones.
constexpr std::size_t kMaxAllUnits = 20'000'000;
constexpr std::size_t kMaxAllText = 64'000'000;  // bytes of names
// Of a location table: a byte, a line and three more numbers of six bytes; it is for a unit or
// more.
constexpr std::uint64_t kMaxEntrySize = 25;
constexpr std::int64_t kUnitSize = 2;

}  // namespace

CodeCache::CodeCache(RemoteMemory& memory, const Layout& layout)
    : memory_(memory), layout_(layout), frames_(kMaxFrames) {}

void CodeCache::begin_pass() {
    if (codes_.size() <= kMaxCodes && units_ <= kMaxAllUnits - kMaxUnits) return;
    codes_.clear();
    units_ = 0;
}

Code* CodeCache::find(Address address, std::int64_t now_ns) {
    auto& slot = codes_[address];
    if (slot && now_ns - slot->checked_ns < kTrustNs) {
        return slot->function == kUnreadable ? nullptr : slot.get();
    }
    std::array<unsigned char, kMaxCodeSize> copy;
    const bool readable =
        memory_.read(address, copy.data(), static_cast<std::size_t>(layout_.code_size));
    if (readable && slot && slot->function != kUnreadable &&
        field<Address>(copy.data(), layout_.code_filename) == slot->filename &&
        field<Address>(copy.data(), layout_.code_qualname) == slot->qualname &&
        field<Address>(copy.data(), layout_.code_line_table) == slot->line_table &&
        field<std::int32_t>(copy.data(), layout_.code_first_line) == slot->first_line) {
        slot->checked_ns = now_ns;
        return slot.get();
    }
    if (!slot) {
        slot = std::make_unique<Code>();
    } else {
        units_ -= slot->lines.size();
        *slot = Code();
    }
    slot->checked_ns = now_ns;
    if (!readable || !load(address, *slot)) return nullptr;
    return slot.get();
}

bool CodeCache::load(Address address, Code& out) {
    std::array<unsigned char, kMaxCodeSize> copy;
    if (!memory_.read(address, copy.data(), static_cast<std::size_t>(layout_.code_size)))
        return false;
    if (layout_.code_type_address != 0 &&
        field<Address>(copy.data(), layout_.object_type) != layout_.code_type_address)
        return false;
    out.filename = field<Address>(copy.data(), layout_.code_filename);
    out.qualname = field<Address>(copy.data(), layout_.code_qualname);
    out.line_table = field<Address>(copy.data(), layout_.code_line_table);
    out.first_line = field<std::int32_t>(copy.data(), layout_.code_first_line);
    const auto units = field<std::int64_t>(copy.data(), layout_.bytes_size);
    if (units <= 0 || units > kMaxUnits) return false;
    const auto count = static_cast<std::size_t>(units);
    if (count > kMaxAllUnits - units_) return false;

    const auto name = read_unicode(memory_, layout_, out.qualname);
    const auto file = read_unicode(memory_, layout_, out.filename);
    const auto table = read_bytes(memory_, layout_, out.line_table, count * kMaxEntrySize);
    std::vector<std::uint8_t> bytecode(count * kUnitSize);
    if (!name || !file || !table ||
        !memory_.read(address + static_cast<Address>(layout_.code_bytecode), bytecode.data(),
                      bytecode.size()))
        return false;

    std::string key = *name;
    key += '\0';
    key += *file;
    key += '\0';
    key += std::to_string(out.first_line);
    const auto known = functions_.find(key);
    if (known != functions_.end()) {
        out.function = known->second;
    } else {
        if (functions_.size() >= kMaxFunctions || key.size() > kMaxAllText - text_) return false;
        text_ += key.size();
        out.function = static_cast<std::int32_t>(functions_.size());
        functions_.emplace(std::move(key), out.function);
        fresh_functions_.push_back(
            {*name, *file, out.first_line, field<std::int32_t>(copy.data(), layout_.code_flags)});
    }
    units_ += count;
    out.lines = decode_lines(*table, out.first_line, count);
    out.frames.assign(count, kNone);
    out.eval_check.assign(count, false);
    for (std::size_t unit = 0; unit < count; ++unit)
        out.eval_check[unit] = layout_.eval_check[bytecode[unit * kUnitSize]];
    return true;
}

std::int32_t CodeCache::frame(Code& code, Address code_address, Address instruction,
                              bool& eval_check) {
    const Address start = code_address + static_cast<Address>(layout_.code_bytecode);
    const Address unit = (instruction - start) / kUnitSize;
    eval_check = false;
    // Up to 3.12 a frame that has not begun stands one unit before the first.
    if (instruction < start || unit >= code.frames.size())
        return frames_.intern(code.function, code.first_line);
    eval_check = code.eval_check[unit];
    std::int32_t& number = code.frames[unit];
    if (number < 0) number = frames_.intern(code.function, code.lines[unit]);
    return number;
}

std::vector<FunctionName> CodeCache::take_new_functions() {
    return std::exchange(fresh_functions_, {});
}

}  // namespace gilprof
