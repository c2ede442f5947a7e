#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "facts.h"

namespace gilprof {

// A row of a definition table, as Python gets it: two ids.
struct IdPair {
    std::int32_t first;
    std::int32_t second;
};
static_assert(sizeof(IdPair) == 8);

// Numbers pairs of ids in the order in which they are first met, up to a bound.
class PairTable {
  public:
    explicit PairTable(std::size_t limit) : limit_(limit) {}

    // The pair's number; kUnreadable when it is new and the table is full.
    std::int32_t intern(std::int32_t first, std::int32_t second);

    // The rows that came since the last call.
    std::vector<IdPair> take_new();

  private:
    std::size_t limit_;
    std::unordered_map<std::uint64_t, std::int32_t> numbers_;
    std::vector<IdPair> fresh_;
};

}  // namespace gilprof
