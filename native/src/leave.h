// How long a helper that held the caller up stays away: longer and longer while it keeps happening.
#pragma once

#include <algorithm>
#include <chrono>

namespace mim {

class Leave {
  public:
    using Clock = std::chrono::steady_clock;

    static constexpr std::chrono::milliseconds kShortest{10};
    static constexpr std::chrono::milliseconds kLongest{1000};
    // So many passes without trouble make the next leave half as long.
    static constexpr int kGoodPasses = 32;

    void begin(Clock::time_point now) {
        end_ = now + length_;
        length_ = std::min(2 * length_, kLongest);
        good_passes_ = 0;
    }

    bool over(Clock::time_point now) const { return now >= end_; }

    void pass_went_well() {
        if (++good_passes_ < kGoodPasses) return;
        length_ = std::max(length_ / 2, kShortest);
        good_passes_ = 0;
    }

  private:
    Clock::time_point end_{};
    std::chrono::milliseconds length_ = kShortest;
    int good_passes_ = 0;
};

}  // namespace mim
