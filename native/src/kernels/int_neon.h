// Integer vectors of 4 outputs in ARM's NEON. See int_portable.h for what each function means.
#pragma once

#include <arm_neon.h>

#include <cstdint>
#include <cstring>

#include "inlining.h"
#include "layout.h"

namespace mim {
namespace {

struct Int {
    using Sums = int32x4_t;
    using Weights = uint8x16_t;
    using Inputs = int8x16_t;
    static constexpr int kWidth = 4;

    static MIM_INLINE Sums broadcast(std::int32_t value) { return vdupq_n_s32(value); }
    static MIM_INLINE float32x4_t to_float(Sums values) { return vcvtq_f32_s32(values); }
    static MIM_INLINE float32x4_t float16_to_float(const std::uint16_t* values) {
        return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(values)));
    }

    static MIM_INLINE Inputs load_inputs(const std::int8_t* x) {
        std::int32_t word;
        std::memcpy(&word, x, sizeof word);
        return vreinterpretq_s8_s32(vdupq_n_s32(word));
    }
    static MIM_INLINE Weights load(const std::uint8_t* line) { return vld1q_u8(line); }
    static MIM_INLINE void load_nibbles(const std::uint8_t* line, Weights& low, Weights& high) {
        const uint8x16_t pairs = load(line);
        low = vandq_u8(pairs, vdupq_n_u8(15));
        high = vshrq_n_u8(pairs, 4);
    }
};

}  // namespace
}  // namespace mim
