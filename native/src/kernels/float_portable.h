// Vectors of floats in plain C++, for compilers to make of them what the processor's basic instructions allow.
//
// `Float` is what elementwise.h and attention.h are written in; the other float_*.h hold the same for their instruction
// set. Each is included by one file, hence the unnamed namespace.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "inlining.h"
#include "layout.h"

namespace mim {
namespace {

struct Float {
    static constexpr int kWidth = 4;
    // Vectors of sums that a matrix product keeps for each of kMaxQueries queries. With one vector of each operand they
    // should fit the registers.
    static constexpr int kTile = 2;

    struct Vector {
        float lane[kWidth];
    };

    static MIM_INLINE Vector broadcast(float x) {
        Vector result;
        for (float& lane : result.lane) lane = x;
        return result;
    }
    // No alignment is asked for.
    static MIM_INLINE Vector load(const float* x) {
        Vector result;
        std::memcpy(result.lane, x, sizeof result.lane);
        return result;
    }
    static MIM_INLINE void store(float* out, const Vector& x) { std::memcpy(out, x.lane, sizeof x.lane); }

    static MIM_INLINE Vector add(Vector a, const Vector& b) {
        for (int i = 0; i < kWidth; ++i) a.lane[i] += b.lane[i];
        return a;
    }
    static MIM_INLINE Vector subtract(Vector a, const Vector& b) {
        for (int i = 0; i < kWidth; ++i) a.lane[i] -= b.lane[i];
        return a;
    }
    static MIM_INLINE Vector multiply(Vector a, const Vector& b) {
        for (int i = 0; i < kWidth; ++i) a.lane[i] *= b.lane[i];
        return a;
    }
    static MIM_INLINE Vector divide(Vector a, const Vector& b) {
        for (int i = 0; i < kWidth; ++i) a.lane[i] /= b.lane[i];
        return a;
    }
    // a * b + c, rounded once where the instruction set has it.
    static MIM_INLINE Vector multiply_add(const Vector& a, const Vector& b, Vector c) {
        for (int i = 0; i < kWidth; ++i) c.lane[i] += a.lane[i] * b.lane[i];
        return c;
    }
    // NaN when a is NaN; anything when only b is.
    static MIM_INLINE Vector max(Vector a, const Vector& b) {
        for (int i = 0; i < kWidth; ++i) a.lane[i] = a.lane[i] < b.lane[i] ? b.lane[i] : a.lane[i];
        return a;
    }
    static MIM_INLINE Vector min(Vector a, const Vector& b) {
        for (int i = 0; i < kWidth; ++i) a.lane[i] = a.lane[i] > b.lane[i] ? b.lane[i] : a.lane[i];
        return a;
    }

    static MIM_INLINE float sum(const Vector& x) { return (x.lane[0] + x.lane[2]) + (x.lane[1] + x.lane[3]); }
    static MIM_INLINE float largest(const Vector& x) {
        float result = x.lane[0];
        for (float lane : x.lane) result = result < lane ? lane : result;
        return result;
    }

    // The larger of a >= 0 and |x|, where infinity is larger than numbers and NaN larger than infinity.
    static MIM_INLINE Vector max_magnitude(Vector a, const Vector& x) {
        for (int i = 0; i < kWidth; ++i) {
            const float magnitude = std::fabs(x.lane[i]);
            a.lane[i] = bits(magnitude) > bits(a.lane[i]) ? magnitude : a.lane[i];
        }
        return a;
    }
    static MIM_INLINE float largest_magnitude(const Vector& x) {
        float result = x.lane[0];
        for (float lane : x.lane) result = bits(lane) > bits(result) ? lane : result;
        return result;
    }

    // The float whose exponent bits are the lowest eight bits of x: 2^(byte - 127), or 0 for a byte of 0.
    static MIM_INLINE Vector low_byte_as_exponent(Vector x) {
        for (float& lane : x.lane) lane = from_bits(bits(lane) << 23);
        return x;
    }
    // Whole numbers in -128 .. 127.
    static MIM_INLINE void store_int8(std::int8_t* out, const Vector& x) {
        for (int i = 0; i < kWidth; ++i) out[i] = static_cast<std::int8_t>(x.lane[i]);
    }

    // Of kWidth pairs of bfloat16, the first or the second of each.
    static MIM_INLINE Vector first_of_pairs(const Bf16* pairs) { return every_second(pairs); }
    static MIM_INLINE Vector second_of_pairs(const Bf16* pairs) { return every_second(pairs + 1); }

  private:
    static MIM_INLINE std::uint32_t bits(float x) {
        std::uint32_t result;
        std::memcpy(&result, &x, sizeof result);
        return result;
    }
    static MIM_INLINE float from_bits(std::uint32_t x) {
        float result;
        std::memcpy(&result, &x, sizeof result);
        return result;
    }
    static MIM_INLINE Vector every_second(const Bf16* x) {
        Vector result;
        for (int i = 0; i < kWidth; ++i) result.lane[i] = from_bits(static_cast<std::uint32_t>(x[2 * i]) << 16);
        return result;
    }
};

}  // namespace
}  // namespace mim
