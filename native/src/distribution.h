// What a pass gives for one token: the distribution of the next one.
#pragma once

#include <span>
#include <vector>

namespace mim {

// Log-probabilities of all token ids, in memory of their own: some of a pass are kept for long, most are not.
class Distribution {
  public:
    explicit Distribution(std::span<const float> log_probs) : log_probs_(log_probs.begin(), log_probs.end()) {}

    std::span<const float> log_probs() const { return log_probs_; }

  private:
    std::vector<float> log_probs_;
};

}  // namespace mim
