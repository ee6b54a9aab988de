#include "kv_pages.h"

#include <bit>
#include <cmath>
#include <cstdint>

namespace mim {

Bf16 to_bf16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    constexpr std::uint32_t kQuiet = 0x40;  // keeps a NaN whose other bits are cut off from becoming an infinity
    if (std::isnan(value)) return static_cast<Bf16>(bits >> 16 | kQuiet);
    const std::uint32_t odd = bits >> 16 & 1;
    return static_cast<Bf16>((bits + 0x7fff + odd) >> 16);
}

float from_bf16(Bf16 value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16); }

void append_key(Bf16* keys, int token, const float* key, int width) {
    for (int channel = 0; channel < width; ++channel) keys[key_index(token, channel, width)] = to_bf16(key[channel]);
}

void append_value(Bf16* values, int token, const float* value, int width) {
    for (int channel = 0; channel < width; ++channel) values[value_index(token, channel, width)] = to_bf16(value[channel]);
}

void read_key(const Bf16* keys, int token, int width, float* out) {
    for (int channel = 0; channel < width; ++channel) out[channel] = from_bf16(keys[key_index(token, channel, width)]);
}

void read_value(const Bf16* values, int token, int width, float* out) {
    for (int channel = 0; channel < width; ++channel) out[channel] = from_bf16(values[value_index(token, channel, width)]);
}

}  // namespace mim
