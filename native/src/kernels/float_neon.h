// Vectors of 4 floats in ARM NEON, 64 bits. See float_portable.h for what each function means.
#pragma once

#include <arm_neon.h>

#include <cstdint>
#include <cstring>

#include "inlining.h"
#include "layout.h"

namespace mim {
namespace {

struct Float {
    using Vector = float32x4_t;
    static constexpr int kWidth = 4;
    static constexpr int kTile = 4;

    static MIM_INLINE Vector broadcast(float x) { return vdupq_n_f32(x); }
    static MIM_INLINE Vector load(const float* x) { return vld1q_f32(x); }
    static MIM_INLINE void store(float* out, Vector x) { vst1q_f32(out, x); }

    static MIM_INLINE Vector add(Vector a, Vector b) { return vaddq_f32(a, b); }
    static MIM_INLINE Vector subtract(Vector a, Vector b) { return vsubq_f32(a, b); }
    static MIM_INLINE Vector multiply(Vector a, Vector b) { return vmulq_f32(a, b); }
    static MIM_INLINE Vector divide(Vector a, Vector b) { return vdivq_f32(a, b); }
    static MIM_INLINE Vector multiply_add(Vector a, Vector b, Vector c) { return vfmaq_f32(c, a, b); }
    static MIM_INLINE Vector max(Vector a, Vector b) { return vmaxq_f32(a, b); }
    static MIM_INLINE Vector min(Vector a, Vector b) { return vminq_f32(a, b); }

    static MIM_INLINE float sum(Vector x) { return vaddvq_f32(x); }
    static MIM_INLINE float largest(Vector x) { return vmaxvq_f32(x); }

    static MIM_INLINE Vector max_magnitude(Vector a, Vector x) {
        const uint32x4_t magnitude = vreinterpretq_u32_f32(vabsq_f32(x));
        return vreinterpretq_f32_u32(vmaxq_u32(vreinterpretq_u32_f32(a), magnitude));
    }
    static MIM_INLINE float largest_magnitude(Vector x) {
        return vgetq_lane_f32(vreinterpretq_f32_u32(vdupq_n_u32(vmaxvq_u32(vreinterpretq_u32_f32(x)))), 0);
    }

    static MIM_INLINE Vector low_byte_as_exponent(Vector x) {
        return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(x), 23));
    }
    static MIM_INLINE void store_int8(std::int8_t* out, Vector x) {
        const int16x4_t shorts = vmovn_s32(vcvtnq_s32_f32(x));
        const int8x8_t bytes = vmovn_s16(vcombine_s16(shorts, shorts));
        const std::int32_t word = vget_lane_s32(vreinterpret_s32_s8(bytes), 0);
        std::memcpy(out, &word, sizeof word);
    }

    static MIM_INLINE Vector first_of_pairs(const Bf16* pairs) {
        return vreinterpretq_f32_u32(vshlq_n_u32(load_pairs(pairs), 16));
    }
    static MIM_INLINE Vector second_of_pairs(const Bf16* pairs) {
        return vreinterpretq_f32_u32(vandq_u32(load_pairs(pairs), vdupq_n_u32(0xffff0000u)));
    }

  private:
    static MIM_INLINE uint32x4_t load_pairs(const Bf16* pairs) { return vreinterpretq_u32_u16(vld1q_u16(pairs)); }
};

}  // namespace
}  // namespace mim
