// Attention of a few queries over one key-value head, for every instruction set.
//
// Queries times keys and probabilities times values are the same product, of coefficients with a matrix of bfloat16 pairs:
// keys lie in pairs of channels, values in pairs of tokens (see layout.h). It is written over a `Pairs`, which says how a
// vector of pairs is multiplied: WidenedPairs here computes in float32, Bf16Pairs in bf16_avx512.h in bfloat16.
//
// A query's result does not depend on the others: every sum adds its products in the order of the channels or tokens,
// whatever is computed beside it. Tokens that a query does not see get the score minus infinity, so their probability is
// exactly 0. Their values are multiplied all the same and add 0, given that they are finite, which holds for new pages
// (zeros) and for cut tokens that a page still holds (values of an earlier pass).
//
// Included by one file for each instruction set, after its float_*.h; hence the unnamed namespace.
#pragma once

#include <cstddef>
#include <limits>

#include "exp.h"
#include "kernels.h"
#include "layout.h"

namespace mim {
namespace {

// Rows of floats that lie a stride apart, one for each query.
template <class T>
struct QueryRows {
    T* data;
    std::ptrdiff_t stride;

    T* row(int query) const { return data + query * stride; }
    QueryRows from(std::ptrdiff_t column) const { return {data + column, stride}; }
};

// Bfloat16 that lie in one piece.
struct Stretch {
    const Bf16* begin;
    const Bf16* end;
};

// Pairs of bfloat16 [n_pairs][lanes], the lanes in blocks of kKeyBlock.
struct PairMatrix {
    const Bf16* data;
    std::ptrdiff_t pair_stride;   // from a pair to the next
    std::ptrdiff_t block_stride;  // from a block of lanes to the next
    int n_pairs;
    int lanes;
    Stretch next;  // what will be read after the matrix, to be fetched meanwhile; no larger than it

    std::ptrdiff_t offset(int lane) const { return lane / kKeyBlock * block_stride + lane % kKeyBlock * 2; }
};

// Asks for a stretch of memory piece by piece, at each step as much as kVectors vectors of pairs.
template <int kVectors>
class Fetch {
  public:
    MIM_INLINE Fetch(Stretch stretch, std::ptrdiff_t start) : end_(stretch.end) {
        next_ = start < end_ - stretch.begin ? stretch.begin + start : end_;
    }

    MIM_INLINE void step() {
        MIM_UNROLL
        for (int i = 0; i < kSize; i += kLine) MIM_PREFETCH(next_ + i);
        next_ = kSize < end_ - next_ ? next_ + kSize : end_;
    }

  private:
    static constexpr int kSize = kVectors * Float::kWidth * 2;
    static constexpr int kLine = kCacheLine / sizeof(Bf16);

    const Bf16* next_;
    const Bf16* end_;
};

// out[q][lane] = sum over pairs of coefficients[q][pair] . matrix[pair][lane] for kVectors vectors of lanes from `lane`
// on, added to what out holds if `onto_out`.
template <class Pairs, int kQueries, int kVectors>
void multiply_tile(QueryRows<const float> coefficients, const PairMatrix& matrix, int lane, QueryRows<float> out,
                   bool onto_out) {
    Float::Vector sums[kQueries][kVectors];
    MIM_UNROLL
    for (int q = 0; q < kQueries; ++q) {
        MIM_UNROLL
        for (int v = 0; v < kVectors; ++v) sums[q][v] = Float::broadcast(0);
    }
    const Bf16* pairs = matrix.data + matrix.offset(lane);
    Fetch<kVectors> fetch(matrix.next, lane * matrix.n_pairs * 2);
    for (int pair = 0; pair < matrix.n_pairs; ++pair) {
        MIM_UNROLL
        for (int step = 0; step < Pairs::kSteps; ++step) {
            Float::Vector operands[kVectors];
            MIM_UNROLL
            for (int v = 0; v < kVectors; ++v) operands[v] = Pairs::load(pairs + matrix.offset(v * Float::kWidth), step);
            MIM_UNROLL
            for (int q = 0; q < kQueries; ++q) {
                const Float::Vector coefficient = Float::broadcast(coefficients.row(q)[step]);
                MIM_UNROLL
                for (int v = 0; v < kVectors; ++v) sums[q][v] = Pairs::multiply_add(operands[v], coefficient, sums[q][v]);
            }
        }
        fetch.step();
        pairs += matrix.pair_stride;
        coefficients.data += Pairs::kSteps;
    }
    MIM_UNROLL
    for (int q = 0; q < kQueries; ++q) {
        MIM_UNROLL
        for (int v = 0; v < kVectors; ++v) {
            float* place = out.row(q) + v * Float::kWidth;
            Float::store(place, onto_out ? Float::add(Float::load(place), sums[q][v]) : sums[q][v]);
        }
    }
}

template <class Pairs, int kQueries>
void multiply_for(QueryRows<const float> coefficients, const PairMatrix& matrix, QueryRows<float> out, bool onto_out) {
    constexpr int kTileLanes = Float::kTile * Float::kWidth;
    int lane = 0;
    for (; lane + kTileLanes <= matrix.lanes; lane += kTileLanes) {
        multiply_tile<Pairs, kQueries, Float::kTile>(coefficients, matrix, lane, out.from(lane), onto_out);
    }
    for (; lane < matrix.lanes; lane += Float::kWidth) {
        multiply_tile<Pairs, kQueries, 1>(coefficients, matrix, lane, out.from(lane), onto_out);
    }
}

// The product for all lanes.
template <class Pairs>
void multiply(int n_queries, QueryRows<const float> coefficients, const PairMatrix& matrix, QueryRows<float> out,
              bool onto_out) {
    switch (n_queries) {
        case 1: return multiply_for<Pairs, 1>(coefficients, matrix, out, onto_out);
        case 2: return multiply_for<Pairs, 2>(coefficients, matrix, out, onto_out);
        case 3: return multiply_for<Pairs, 3>(coefficients, matrix, out, onto_out);
        case 4: return multiply_for<Pairs, 4>(coefficients, matrix, out, onto_out);
        case 5: return multiply_for<Pairs, 5>(coefficients, matrix, out, onto_out);
        case 6: return multiply_for<Pairs, 6>(coefficients, matrix, out, onto_out);
    }
    static_assert(kMaxQueries == 6);
}

// Each pair is widened to float32; its halves are multiplied one after the other.
struct WidenedPairs {
    static constexpr int kSteps = 2;  // coefficients of a pair, as floats

    static MIM_INLINE Float::Vector load(const Bf16* pairs, int step) {
        return step == 0 ? Float::first_of_pairs(pairs) : Float::second_of_pairs(pairs);
    }
    static MIM_INLINE Float::Vector multiply_add(Float::Vector pairs, Float::Vector coefficient, Float::Vector sum) {
        return Float::multiply_add(pairs, coefficient, sum);
    }

    // The queries as coefficients for pairs of channels.
    class Queries {
      public:
        explicit Queries(const AttentionTask& task) : rows_{task.queries, task.head_width} {}
        QueryRows<const float> rows() const { return rows_; }

      private:
        QueryRows<const float> rows_;
    };

    // Turns n scores, a multiple of 2 * kKeyBlock, into exp(score - largest), as coefficients for pairs of tokens, and
    // returns their sum.
    static float exponentiate(float* scores, int n, float largest) {
        Float::Vector sum = Float::broadcast(0);
        for (int i = 0; i < n; i += Float::kWidth) {
            const Float::Vector p = exp(Float::subtract(Float::load(scores + i), Float::broadcast(largest)));
            Float::store(scores + i, p);
            sum = Float::add(sum, p);
        }
        return Float::sum(sum);
    }
};

inline int most_visible(const AttentionTask& task) {
    int most = task.visible[0];
    for (int q = 1; q < task.n_queries; ++q) most = task.visible[q] > most ? task.visible[q] : most;
    return most;
}

// The first tokens of a page that are among `tokens` in all.
inline int tokens_of_page(int page, int tokens) {
    const int left = tokens - page * kPageTokens;
    return left < kPageTokens ? left : kPageTokens;
}

inline int last_page(int tokens) { return (tokens - 1) / kPageTokens; }

// What is read of one page's keys or values.
inline Stretch stretch_of(const Bf16* const* pages, int page, int tokens, int head_width) {
    return {pages[page], pages[page] + round_up(tokens_of_page(page, tokens), kKeyBlock) * head_width};
}

template <class Pairs>
void compute_scores(const AttentionTask& task, int tokens, QueryRows<float> scores) {
    const typename Pairs::Queries queries(task);
    for (int page = 0; page <= last_page(tokens); ++page) {
        const int lanes = round_up(tokens_of_page(page, tokens), kKeyBlock);
        const Stretch next = page < last_page(tokens) ? stretch_of(task.keys, page + 1, tokens, task.head_width)
                                                      : stretch_of(task.values, 0, tokens, task.head_width);
        const PairMatrix keys{task.keys[page], 2 * kKeyBlock, kKeyBlock * task.head_width, task.head_width / 2, lanes, next};
        multiply<Pairs>(task.n_queries, queries.rows(), keys, scores.from(page * kPageTokens), false);
    }
}

// Hides the scores of tokens that a query does not see, and returns the largest of the others. `tokens` is a multiple of
// 2 * kKeyBlock.
inline float find_largest(float* scores, int visible, int tokens) {
    for (int token = visible; token < tokens; ++token) scores[token] = -std::numeric_limits<float>::infinity();
    Float::Vector largest = Float::load(scores);
    for (int i = Float::kWidth; i < tokens; i += Float::kWidth) largest = Float::max(largest, Float::load(scores + i));
    return Float::largest(largest);
}

// Turns each query's scores into coefficients proportional to probabilities, with their sums.
template <class Pairs>
void compute_probabilities(const AttentionTask& task, int tokens, QueryRows<float> scores, float* sums) {
    const int end = round_up(tokens, 2 * kKeyBlock);
    float largest[kMaxQueries];
    for (int q = 0; q < task.n_queries; ++q) largest[q] = find_largest(scores.row(q), task.visible[q], end);
    for (int q = 0; q < task.n_queries; ++q) sums[q] = Pairs::exponentiate(scores.row(q), end, largest[q]);
}

template <class Pairs>
void weigh_values(const AttentionTask& task, int tokens, QueryRows<const float> probabilities, QueryRows<float> out) {
    for (int page = 0; page <= last_page(tokens); ++page) {
        const int n_pairs = (tokens_of_page(page, tokens) + 1) / 2;
        const Stretch nothing{task.values[page], task.values[page]};
        const Stretch next = page < last_page(tokens) ? stretch_of(task.values, page + 1, tokens, task.head_width) : nothing;
        const PairMatrix values{task.values[page], 2 * task.head_width, 2 * kKeyBlock, n_pairs, task.head_width, next};
        multiply<Pairs>(task.n_queries, probabilities.from(page * kPageTokens / 2 * Pairs::kSteps), values, out, page > 0);
    }
}

inline void divide_by(float sum, float* out, int n) {
    const Float::Vector factor = Float::broadcast(1.0f / sum);
    for (int i = 0; i < n; i += Float::kWidth) Float::store(out + i, Float::multiply(Float::load(out + i), factor));
}

template <class Pairs>
void attend(const AttentionTask& task) {
    const int tokens = most_visible(task);
    const QueryRows<float> scores{task.scores, round_up(tokens, kPageTokens)}, out{task.out, task.out_stride};
    float sums[kMaxQueries];
    compute_scores<Pairs>(task, tokens, scores);
    compute_probabilities<Pairs>(task, tokens, scores, sums);
    weigh_values<Pairs>(task, tokens, {scores.data, scores.stride}, out);
    for (int q = 0; q < task.n_queries; ++q) divide_by(sums[q], out.row(q), task.head_width);
}

}  // namespace
}  // namespace mim
