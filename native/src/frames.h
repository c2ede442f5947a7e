#pragma once

#include <cstdint>
#include <vector>

#include "code_cache.h"
#include "layout.h"
#include "remote_memory.h"
#include "stack_table.h"

namespace gilprof {

struct StackResult {
    std::int32_t stack = kNone;
    bool eval_check = false;  // of the innermost frame
    bool truncated = false;
};

// One thread's Python frames: copied where they lay the last time together with everything else of
// the pass, and read again only where that was wrong. From 3.11 on frames lie side by side in the
// thread's data stack, so this is mostly one piece.
class ThreadFrames {
  public:
    // Adds the pieces to be copied to the pass's batch.
    void plan(RemoteMemory& batch);

    // Takes note of what that batch could read, before the next one.
    void collect(const RemoteMemory& batch);

    // Walks from `innermost` (0: no frame) through what the batch copied, if `planned`, and through
    // the target's memory where that does not reach. A stack that does not hold together is
    // kUnreadable.
    StackResult walk(Address innermost, bool planned, RemoteMemory& memory, const Layout& layout,
                     CodeCache& codes, PairTable& stacks, std::int64_t now_ns);

  private:
    struct Piece {
        Address start;
        std::vector<unsigned char> bytes;
        std::size_t index;  // in the batch
        bool readable;
    };
    struct Known {  // a frame of the last walk, innermost first
        Address address;
        Address code;
        Address instruction;
        std::int32_t stack;
        bool eval_check;
    };
    struct Step {
        Address address;
        Address code;
        Address instruction;
    };

    const unsigned char* copied(Address address, const Layout& layout) const;
    bool follow(Address innermost, bool planned, RemoteMemory& memory, const Layout& layout);
    StackResult intern(CodeCache& codes, PairTable& stacks, std::int64_t now_ns);
    void replan(const Layout& layout);

    std::vector<Piece> pieces_;
    std::vector<Address> places_;  // all frames of the last walk, shims too
    std::vector<Step> steps_;
    std::vector<Known> known_;
    bool truncated_ = false;
    int uncovered_ = 0;
    int walks_since_planned_ = 0;
};

}  // namespace gilprof
