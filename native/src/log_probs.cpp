#include "log_probs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#if defined(__SSE2__) || defined(_M_X64)
#define MIM_SSE2
#include <emmintrin.h>
#endif

namespace mim {
namespace {

constexpr float kImpossible = -std::numeric_limits<float>::infinity();
// Values whose maximum is taken at once, and maxima that are kept side by side meanwhile.
constexpr std::size_t kBlock = 1024;
constexpr std::size_t kLanes = 16;

// Keeps the larger ones in `largest`; what is no number is larger than nothing.
void keep_larger(const float* values, float* largest) {
#ifdef MIM_SSE2
    // What every x86-64 has. Compilers may not do so themselves, since one of the values might be no number.
    for (std::size_t lane = 0; lane < kLanes; lane += 4) {
        _mm_storeu_ps(largest + lane, _mm_max_ps(_mm_loadu_ps(values + lane), _mm_loadu_ps(largest + lane)));
    }
#else
    for (std::size_t lane = 0; lane < kLanes; ++lane) largest[lane] = values[lane] > largest[lane] ? values[lane] : largest[lane];
#endif
}

float maximum(std::span<const float> values) {
    std::array<float, kLanes> largest;
    largest.fill(kImpossible);
    std::size_t i = 0;
    for (; i + kLanes <= values.size(); i += kLanes) keep_larger(values.data() + i, largest.data());
    for (; i < values.size(); ++i) largest[0] = values[i] > largest[0] ? values[i] : largest[0];
    return *std::max_element(largest.begin(), largest.end());
}

// Where the largest of the values from `begin` to `end` stands first; kNoToken if there are none. Where nothing is a
// number, any place will do.
int first_maximum(std::span<const float> values, std::size_t begin, std::size_t end) {
    if (begin == end) return kNoToken;
    // Only the block that holds the largest value is searched for its place.
    float largest = kImpossible;
    std::size_t block = begin;
    for (std::size_t start = begin; start < end; start += kBlock) {
        const float found = maximum(values.subspan(start, std::min(kBlock, end - start)));
        if (found > largest) {
            largest = found;
            block = start;
        }
    }
    const auto part = values.subspan(block, std::min(kBlock, end - block));
    const auto found = std::find(part.begin(), part.end(), largest);
    return static_cast<int>(block + (found == part.end() ? 0 : found - part.begin()));
}

}  // namespace

int most_probable(std::span<const float> log_probs, int without) {
    const std::size_t size = log_probs.size();
    const std::size_t hole = without < 0 ? size : std::min<std::size_t>(without, size);
    const int before = first_maximum(log_probs, 0, hole);
    const int behind = first_maximum(log_probs, std::min(hole + 1, size), size);
    if (before == kNoToken || behind == kNoToken) return before == kNoToken ? behind : before;
    return log_probs[behind] > log_probs[before] ? behind : before;
}

int most_probable_of(std::span<const float> log_probs, std::span<const std::int32_t> ids, int without) {
    int best = kNoToken;
    for (const std::int32_t id : ids) {
        if (id != without && (best == kNoToken || log_probs[id] > log_probs[best])) best = id;
    }
    return best;
}

double log_total(std::span<const float> log_probs, std::span<const std::int32_t> ids) {
    const int best = most_probable_of(log_probs, ids);
    if (best == kNoToken || log_probs[best] == kImpossible) return kImpossible;
    const float largest = log_probs[best];
    double sum = 0;
    for (const std::int32_t id : ids) sum += std::exp(log_probs[id] - largest);
    return largest + std::log(sum);
}

}  // namespace mim
