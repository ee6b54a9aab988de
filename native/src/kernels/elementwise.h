// What happens to vectors of floats between the matrix products, for every instruction set.
//
// Included by one file for each instruction set, after its float_*.h; hence the unnamed namespace.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "exp.h"
#include "layout.h"

namespace mim {
namespace {

// The next vector of x, of which `left` floats are left, or none if negative; `fill` for what is missing.
MIM_INLINE Float::Vector load_some(const float* x, int left, float fill) {
    if (left >= Float::kWidth) return Float::load(x);
    float lanes[Float::kWidth];
    for (int i = 0; i < Float::kWidth; ++i) lanes[i] = i < left ? x[i] : fill;
    return Float::load(lanes);
}

MIM_INLINE void store_some(float* out, int left, Float::Vector x) {
    if (left >= Float::kWidth) return Float::store(out, x);
    float lanes[Float::kWidth];
    Float::store(lanes, x);
    std::memcpy(out, lanes, static_cast<std::size_t>(left) * sizeof(float));
}

// Writes round(x * factor) for kHalfGroup floats and returns the sum.
MIM_INLINE std::int32_t quantize_half_group(const float* x, float factor, std::int8_t* values) {
    Float::Vector sum = Float::broadcast(0);  // of whole numbers, and small enough to be exact
    for (int i = 0; i < kHalfGroup; i += Float::kWidth) {
        const Float::Vector rounded = round_to_even(Float::multiply(Float::load(x + i), Float::broadcast(factor)));
        Float::store_int8(values + i, rounded);
        sum = Float::add(sum, rounded);
    }
    return static_cast<std::int32_t>(Float::sum(sum));
}

MIM_INLINE float largest_of_group(const float* x) {
    Float::Vector largest = Float::broadcast(0);
    for (int i = 0; i < kGroup; i += Float::kWidth) largest = Float::max_magnitude(largest, Float::load(x + i));
    return Float::largest_magnitude(largest);
}

// A group with an infinity or NaN has the scale NaN and values 0, so that what is computed from it is NaN; a group of
// magnitudes that have no float reciprocal is taken as zeros.
inline void quantize_group(const float* x, std::int8_t* values, float* scale, std::int32_t* sums) {
    constexpr float kLargestValue = 127;
    constexpr float kLargestFloat = std::numeric_limits<float>::max();
    const float largest = largest_of_group(x);
    if (largest > kLargestValue / kLargestFloat && largest <= kLargestFloat) {
        const float factor = kLargestValue / largest;
        *scale = largest / kLargestValue;
        sums[0] = quantize_half_group(x, factor, values);
        sums[1] = quantize_half_group(x + kHalfGroup, factor, values + kHalfGroup);
    } else {
        *scale = largest <= kLargestFloat ? 0.0f : std::numeric_limits<float>::quiet_NaN();
        std::memset(values, 0, kGroup);
        sums[0] = sums[1] = 0;
    }
}

inline void quantize(const float* x, int n, std::int8_t* values, float* scales, std::int32_t* sums) {
    const int full = n / kGroup, rest = n % kGroup;
    for (int group = 0; group < full; ++group) {
        quantize_group(x + group * kGroup, values + group * kGroup, scales + group, sums + 2 * group);
    }
    if (rest == 0) return;
    float padded[kGroup] = {};
    std::memcpy(padded, x + full * kGroup, static_cast<std::size_t>(rest) * sizeof(float));
    quantize_group(padded, values + full * kGroup, scales + full, sums + 2 * full);
}

inline void rms_norm(const float* x, const float* weight, int n, float eps, float* out) {
    Float::Vector squares = Float::broadcast(0);
    for (int i = 0; i < n; i += Float::kWidth) {
        const Float::Vector some = load_some(x + i, n - i, 0);
        squares = Float::multiply_add(some, some, squares);
    }
    const float factor = 1.0f / std::sqrt(Float::sum(squares) / static_cast<float>(n) + eps);
    for (int i = 0; i < n; i += Float::kWidth) {
        const Float::Vector scaled = Float::multiply(load_some(x + i, n - i, 0), Float::broadcast(factor));
        store_some(out + i, n - i, Float::multiply(scaled, load_some(weight + i, n - i, 0)));
    }
}

inline void silu_multiply(const float* gate, const float* up, int n, float* out) {
    const Float::Vector one = Float::broadcast(1), zero = Float::broadcast(0), largest = Float::broadcast(88);
    for (int i = 0; i < n; i += Float::kWidth) {
        const Float::Vector x = load_some(gate + i, n - i, 0);
        const Float::Vector decay = exp(Float::min(Float::subtract(zero, x), largest));
        const Float::Vector silu = Float::divide(x, Float::add(one, decay));
        store_some(out + i, n - i, Float::multiply(silu, load_some(up + i, n - i, 0)));
    }
}

inline void add(const float* x, int n, float* out) {
    for (int i = 0; i < n; i += Float::kWidth) {
        store_some(out + i, n - i, Float::add(load_some(out + i, n - i, 0), load_some(x + i, n - i, 0)));
    }
}

inline float largest_of(const float* x, int n) {
    const float lowest = -std::numeric_limits<float>::infinity();
    Float::Vector largest = Float::broadcast(lowest);
    for (int i = 0; i < n; i += Float::kWidth) largest = Float::max(largest, load_some(x + i, n - i, lowest));
    return Float::largest(largest);
}

// The sum of exp(x[i] - shift).
inline float sum_of_exp(const float* x, int n, float shift) {
    const float lowest = -std::numeric_limits<float>::infinity();
    Float::Vector sum = Float::broadcast(0);
    for (int i = 0; i < n; i += Float::kWidth) {
        const Float::Vector some = load_some(x + i, n - i, lowest);
        sum = Float::add(sum, exp(Float::subtract(some, Float::broadcast(shift))));
    }
    return Float::sum(sum);
}

// All NaN when an entry is NaN or plus infinity, or when all are minus infinity.
inline void log_softmax(float* x, int n) {
    const float largest = largest_of(x, n);
    const float shift = largest + std::log(sum_of_exp(x, n, largest));
    for (int i = 0; i < n; i += Float::kWidth) {
        store_some(x + i, n - i, Float::subtract(load_some(x + i, n - i, 0), Float::broadcast(shift)));
    }
}

}  // namespace
}  // namespace mim
