// What a pass gives for one token: the distribution of the next one.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace mim {

// Log-probabilities of all token ids. Those of one pass share its memory, which lives as long as one of them does.
class Distribution {
  public:
    Distribution(std::shared_ptr<const float[]> memory, std::size_t first, std::size_t size)
        : memory_(std::move(memory)), log_probs_(memory_.get() + first, size) {}

    std::span<const float> log_probs() const { return log_probs_; }

  private:
    std::shared_ptr<const float[]> memory_;
    std::span<const float> log_probs_;
};

}  // namespace mim
