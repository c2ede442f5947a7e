#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "layout.h"
#include "remote_memory.h"
#include "stack_table.h"

namespace gilprof {

struct FunctionName {
    std::string name;
    std::string file;
    std::int32_t first_line;
    std::int32_t flags;  // co_flags
};

// What is remembered of one code object.
struct Code {
    std::int32_t function = kUnreadable;
    std::int32_t first_line = 0;
    std::int64_t checked_ns = 0;
    // What identifies the object: an address is used again once its code object is freed.
    Address filename = 0;
    Address qualname = 0;
    Address line_table = 0;
    std::vector<std::int32_t> lines;   // by code unit
    std::vector<bool> eval_check;      // by code unit
    std::vector<std::int32_t> frames;  // frame ids by code unit, kNone: not interned yet
};

// Code objects of the target by address, their functions and their frames (function, line), read
// once.
class CodeCache {
  public:
    CodeCache(RemoteMemory& memory, const Layout& layout);

    // The code object at `address`, checked against the target within the last kTrustNs; null when
    // there is none. The pointer stays good until the next call of begin_pass().
    Code* find(Address address, std::int64_t now_ns);

    // Forgets everything when the cache has grown beyond its bound.
    void begin_pass();

    // The frame id of `code` at the instruction at `instruction`, and whether that instruction
    // checks the eval breaker.
    std::int32_t frame(Code& code, Address code_address, Address instruction, bool& eval_check);

    std::vector<FunctionName> take_new_functions();
    std::vector<IdPair> take_new_frames() { return frames_.take_new(); }

  private:
    bool load(Address address, Code& out);

    RemoteMemory& memory_;
    const Layout& layout_;
    std::unordered_map<Address, std::unique_ptr<Code>> codes_;
    std::unordered_map<std::string, std::int32_t> functions_;
    std::vector<FunctionName> fresh_functions_;
    PairTable frames_;
    std::size_t units_ = 0;  // of all code objects kept
    std::size_t text_ = 0;   // bytes in functions_
};

}  // namespace gilprof
