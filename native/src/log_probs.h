// Looking at the log-probabilities of what may come next: (vocab_size,) floats.
#pragma once

#include <cstdint>
#include <span>

namespace mim {

// An id that no token has.
inline constexpr int kNoToken = -1;

// The most probable token but for `without`, the first of equals; kNoToken if there is no other one.
int most_probable(std::span<const float> log_probs, int without = kNoToken);

// The same among `ids`, of which each is a place in `log_probs`.
int most_probable_of(std::span<const float> log_probs, std::span<const std::int32_t> ids, int without = kNoToken);

// The logarithm of the probability that it is one of `ids`; minus infinity if there are none.
double log_total(std::span<const float> log_probs, std::span<const std::int32_t> ids);

}  // namespace mim
