#include "rotary.h"

#include <cmath>

namespace mim {

// In float32 throughout, as the reference computes them: far angles differ by more than rounding otherwise.
RotaryTable::RotaryTable(int head_dim, float theta) : half_(head_dim / 2) {
    for (int i = 0; i < half_; ++i) {
        frequencies_.push_back(std::pow(theta, -static_cast<float>(2 * i) / static_cast<float>(head_dim)));
    }
}

void RotaryTable::reserve(int positions) {
    for (int position = static_cast<int>(cos_.size()) / half_; position < positions; ++position) {
        for (float frequency : frequencies_) {
            const float angle = static_cast<float>(position) * frequency;
            cos_.push_back(std::cos(angle));
            sin_.push_back(std::sin(angle));
        }
    }
}

void RotaryTable::rotate(const float* x, int position, float* out) const {
    const float* cosines = cos_.data() + static_cast<std::size_t>(position) * half_;
    const float* sines = sin_.data() + static_cast<std::size_t>(position) * half_;
    for (int i = 0; i < half_; ++i) {
        const float first = x[i], second = x[i + half_];
        out[i] = first * cosines[i] - second * sines[i];
        out[i + half_] = second * cosines[i] + first * sines[i];
    }
}

}  // namespace mim
