#include "stack_table.h"

#include <utility>

namespace gilprof {

std::int32_t PairTable::intern(std::int32_t first, std::int32_t second) {
    const std::uint64_t key =
        (static_cast<std::uint64_t>(static_cast<std::uint32_t>(first)) << 32) |
        static_cast<std::uint32_t>(second);
    const auto found = numbers_.find(key);
    if (found != numbers_.end()) return found->second;
    if (numbers_.size() >= limit_) return kUnreadable;
    const auto number = static_cast<std::int32_t>(numbers_.size());
    numbers_.emplace(key, number);
    fresh_.push_back({first, second});
    return number;
}

std::vector<IdPair> PairTable::take_new() { return std::exchange(fresh_, {}); }

}  // namespace gilprof
