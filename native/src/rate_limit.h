#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace gilprof {

// The mean gap between passes: what was asked for, or longer where passes take long, so that the
// sampler is at work for half of the time at most. gilprof/analysis/classify/weights.py computes
// the same from the recorded passes: a gap is late by what was to be expected of it.
//
// The shortest of the last passes counts, as one that had to wait for a CPU takes long, too; and
// the very first one, which makes everything's acquaintance, never alone.
class RateLimit {
  public:
    explicit RateLimit(double asked_gap_ns) : asked_gap_ns_(asked_gap_ns) {}

    void add(std::uint32_t span_ns) { spans_ns_[count_++ % kPasses] = span_ns; }

    // Passes take so long that the rate is below the one that was asked for.
    bool limits() const { return mean_gap_ns() > asked_gap_ns_; }

    double mean_gap_ns() const {
        const std::size_t known = std::min(count_, kPasses);
        if (known < kFewest) return asked_gap_ns_;
        const auto end = spans_ns_.begin() + static_cast<std::ptrdiff_t>(known);
        const std::uint32_t span_ns = *std::min_element(spans_ns_.begin(), end);
        if (span_ns < kLongPassNs) return asked_gap_ns_;
        return std::max(asked_gap_ns_, kGapOfPasses * span_ns);
    }

  private:
    static constexpr std::size_t kPasses = 8;
    static constexpr std::size_t kFewest = 2;
    static constexpr std::uint32_t kLongPassNs = 500'000;
    static constexpr double kGapOfPasses = 2.0;

    double asked_gap_ns_;
    std::array<std::uint32_t, kPasses> spans_ns_{};
    std::size_t count_ = 0;
};

}  // namespace gilprof
