// Rotary positions (Su et al. 2021).
#pragma once

#include <vector>

namespace mim {

// Cosines and sines of all positions that were asked for so far.
class RotaryTable {
  public:
    RotaryTable(int head_dim, float theta);

    // Makes positions 0 .. positions - 1 available.
    void reserve(int positions);

    // Turns the pairs (x_i, x_{i + E / 2}) of one head by the angles of `position`; out may be x.
    void rotate(const float* x, int position, float* out) const;

  private:
    int half_;
    std::vector<float> frequencies_;
    std::vector<float> cos_, sin_;  // [positions][E / 2]
};

}  // namespace mim
