// float16 to float where no instruction for it may be assumed.
#pragma once

#include <bit>
#include <cstdint>

namespace mim {

inline float float16_to_float(std::uint16_t half) {
    // With exponent and fraction moved to a float's places the value is 2^-112 of what it should be, denormals
    // included; infinities and NaNs (exponent 31) need a float's largest exponent.
    const std::uint32_t magnitude = static_cast<std::uint32_t>(half & 0x7fff) << 13;
    const float scaled = std::bit_cast<float>(magnitude) * 0x1p112f;
    const std::uint32_t special = (half & 0x7c00) == 0x7c00 ? 0x7f800000u : 0u;
    const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000) << 16;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(scaled) | special | sign);
}

}  // namespace mim
