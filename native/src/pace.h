#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace gilprof {

// The mean gap between passes where nobody has asked for a rate: the least one while a CPU is free,
// up to kSlowest times that while none is. It follows what was seen at the last passes smoothly,
// and is settled before the pass that it leads to, so that the gap before a pass says nothing about
// what the pass will see: weighed by it, figures stay unbiased.
class Pace {
  public:
    explicit Pace(double least_gap_ns) : least_gap_ns_(least_gap_ns) {}

    // `crowded`: no CPU was free at the pass at `t_ns`.
    void add(std::int64_t t_ns, bool crowded) {
        const double gap_ns = last_t_ns_ == 0 ? 0.0 : static_cast<double>(t_ns - last_t_ns_);
        last_t_ns_ = t_ns;
        crowd_ += ((crowded ? 1.0 : 0.0) - crowd_) * (1.0 - std::exp(-gap_ns / kSettlesNs));
    }

    double mean_gap_ns() const {
        const double part = std::clamp((crowd_ - kFree) / (kCrowded - kFree), 0.0, 1.0);
        return least_gap_ns_ * std::pow(kSlowest, part);
    }

  private:
    static constexpr double kSettlesNs = 500e6;
    static constexpr double kSlowest = 8.0;
    // Shares of the time in which no CPU is free: nothing is to be spared below the first, all from
    // the second on.
    static constexpr double kFree = 0.1;
    static constexpr double kCrowded = 0.4;

    double least_gap_ns_;
    double crowd_ = 0.0;
    std::int64_t last_t_ns_ = 0;
};

}  // namespace gilprof
