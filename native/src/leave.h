// How long a helper that held the caller up stays away: in proportion to the time that was lost, so that waiting costs
// a few hundredths at most, and longer and longer while it keeps happening.
#pragma once

#include <algorithm>
#include <chrono>

namespace mim {

class Leave {
  public:
    using Clock = std::chrono::steady_clock;

    static constexpr int kFactor = 25;
    static constexpr int kLargestFactor = 1600;
    static constexpr std::chrono::milliseconds kLongest{1000};
    // So many passes without trouble make the next leave half as long.
    static constexpr int kGoodPasses = 32;

    void begin(Clock::time_point now, Clock::duration lost) {
        end_ = now + std::min<Clock::duration>(lost * factor_, kLongest);
        factor_ = std::min(2 * factor_, kLargestFactor);
        good_passes_ = 0;
    }

    bool over(Clock::time_point now) const { return now >= end_; }

    void pass_went_well() {
        if (++good_passes_ < kGoodPasses) return;
        factor_ = std::max(factor_ / 2, kFactor);
        good_passes_ = 0;
    }

  private:
    Clock::time_point end_{};
    int factor_ = kFactor;
    int good_passes_ = 0;
};

}  // namespace mim
