#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gilprof::test {

struct FuzzCount {
    std::uint64_t inputs = 0;
    std::uint64_t passes = 0;
    std::uint64_t taken = 0;            // of the passes: whole enough to be looks
    std::uint64_t layouts_changed = 0;  // numbers of a layout that were replaced
    std::uint64_t layouts_refused = 0;  // of them, by Layout::consistent()
};

// Reads `input` as a made-up target, as changes to its layout and as changes to its memory between
// passes, and takes those passes. Any bytes mean something; none may crash the core, walk without
// end or take memory without bound. Aborts when a pass copies more than it should.
void run_input(const std::vector<std::uint8_t>& input, FuzzCount& count);

// Random inputs until `passes` have been taken or, if that is not 0, `seconds` have gone by.
FuzzCount fuzz(std::uint64_t passes, std::uint64_t seed, std::uint64_t seconds);

}  // namespace gilprof::test
