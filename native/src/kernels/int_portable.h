// Integer vectors in plain C++, for the matrix product. `Int` is what panel_product.h is written in; the other int_*.h hold
// the same for their instruction set. Each is included by one file, hence the unnamed namespace.
#pragma once

#include <cstdint>
#include <cstring>

#include "../float16.h"
#include "float_portable.h"
#include "inlining.h"
#include "layout.h"

namespace mim {
namespace {

struct Int {
    static constexpr int kWidth = Float::kWidth;

    // One sum for each output.
    struct Sums {
        std::int32_t lane[kWidth];
    };
    // Four inputs' weights for each output, the first in the lowest byte.
    struct Weights {
        std::uint32_t word[kWidth];
    };
    // Four inputs, the same for each output.
    struct Inputs {
        std::int32_t value[4];
    };

    static MIM_INLINE Sums broadcast(std::int32_t value) {
        Sums result;
        for (std::int32_t& lane : result.lane) lane = value;
        return result;
    }
    static MIM_INLINE Float::Vector to_float(const Sums& values) {
        Float::Vector result;
        for (int i = 0; i < kWidth; ++i) result.lane[i] = static_cast<float>(values.lane[i]);
        return result;
    }
    static MIM_INLINE Float::Vector float16_to_float(const std::uint16_t* values) {
        Float::Vector result;
        for (int i = 0; i < kWidth; ++i) result.lane[i] = mim::float16_to_float(values[i]);
        return result;
    }

    static MIM_INLINE Inputs load_inputs(const std::int8_t* x) { return {{x[0], x[1], x[2], x[3]}}; }
    static MIM_INLINE Weights load(const std::uint8_t* line) {
        Weights result;
        std::memcpy(result.word, line, sizeof result.word);
        return result;
    }
    // The low nibbles hold the first four inputs, the high nibbles the next four.
    static MIM_INLINE void load_nibbles(const std::uint8_t* line, Weights& low, Weights& high) {
        const Weights pairs = load(line);
        for (int i = 0; i < kWidth; ++i) {
            low.word[i] = pairs.word[i] & 0x0f0f0f0fu;
            high.word[i] = pairs.word[i] >> 4 & 0x0f0f0f0fu;
        }
    }
};

}  // namespace
}  // namespace mim
