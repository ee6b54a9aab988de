// Every table's attention against plain double arithmetic, and bit for bit against itself in other company.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <iostream>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "kernels/kernels.h"
#include "kv_pages.h"

namespace {

using namespace mim;

std::mt19937 generator(1);

std::vector<float> random_floats(std::size_t n, float size) {
    std::normal_distribution<float> normal(0, size);
    std::vector<float> result(n);
    for (float& x : result) x = normal(generator);
    return result;
}

// The keys and values of one row, for one layer and key-value head.
class Cache {
  public:
    Cache(int tokens, int width) : width_(width), tokens_(tokens) {
        const int n_pages = round_up(tokens, kPageTokens) / kPageTokens;
        key_pages_.assign(n_pages, std::vector<Bf16>(page_half_size(width)));
        value_pages_ = key_pages_;
        for (int token = 0; token < tokens; ++token) put(token, 1);
        for (int page = 0; page < n_pages; ++page) {
            keys_.push_back(key_pages_[page].data());
            values_.push_back(value_pages_[page].data());
        }
    }
    Cache(const Cache&) = delete;

    // Fills all slots behind the tokens with what cut tokens may have left there.
    void leave_garbage() {
        for (int token = tokens_; token < static_cast<int>(key_pages_.size()) * kPageTokens; ++token) put(token, 1e30f);
    }

    std::vector<float> key(int token) const { return read(read_key, key_pages_, token); }
    std::vector<float> value(int token) const { return read(read_value, value_pages_, token); }
    const Bf16* const* keys() const { return keys_.data(); }
    const Bf16* const* values() const { return values_.data(); }
    int width() const { return width_; }

  private:
    using Pages = std::vector<std::vector<Bf16>>;

    void put(int token, float size) {
        const int page = token / kPageTokens, slot = token % kPageTokens;
        append_key(key_pages_[page].data(), slot, random_floats(width_, size).data(), width_);
        append_value(value_pages_[page].data(), slot, random_floats(width_, size).data(), width_);
    }

    template <class Read>
    std::vector<float> read(Read read, const Pages& pages, int token) const {
        std::vector<float> result(width_);
        read(pages[token / kPageTokens].data(), token % kPageTokens, width_, result.data());
        return result;
    }

    int width_, tokens_;
    Pages key_pages_, value_pages_;
    std::vector<const Bf16*> keys_, values_;
};

struct Query {
    std::vector<float> channels;
    int visible;
};

Query random_query(int width, int visible) { return {random_floats(width, 1.5f / std::sqrt(static_cast<float>(width))), visible}; }

std::vector<Query> random_queries(int width, const std::vector<int>& visible) {
    std::vector<Query> queries;
    for (int tokens : visible) queries.push_back(random_query(width, tokens));
    return queries;
}

// Each query's attention. The rows of the output lie apart, and what is in between must stay.
std::vector<std::vector<float>> attend(const Kernels& kernels, const Cache& cache, const std::vector<Query>& queries) {
    constexpr float kSentinel = 12345;
    const int n = static_cast<int>(queries.size()), width = cache.width(), out_stride = width + 16;
    std::vector<float> channels;
    std::vector<int> visible;
    for (const Query& query : queries) {
        channels.insert(channels.end(), query.channels.begin(), query.channels.end());
        visible.push_back(query.visible);
    }
    const int row = round_up(*std::max_element(visible.begin(), visible.end()), kPageTokens);
    std::vector<float> scores(static_cast<std::size_t>(n) * row, std::numeric_limits<float>::quiet_NaN());
    std::vector<float> out(static_cast<std::size_t>(n) * out_stride, kSentinel);
    kernels.attend({channels.data(), visible.data(), cache.keys(), cache.values(), scores.data(), out.data(), n, width, out_stride});

    std::vector<std::vector<float>> result;
    for (auto start = out.begin(); start != out.end(); start += out_stride) {
        result.emplace_back(start, start + width);
        CHECK(std::all_of(start + width, start + out_stride, [](float x) { return x == kSentinel; }));
    }
    return result;
}

double dot(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
    return sum;
}

std::vector<double> reference(const Cache& cache, const Query& query) {
    std::vector<double> weights;
    for (int token = 0; token < query.visible; ++token) weights.push_back(dot(query.channels, cache.key(token)));
    const double largest = *std::max_element(weights.begin(), weights.end());
    double sum = 0;
    for (double& weight : weights) sum += weight = std::exp(weight - largest);
    std::vector<double> result(cache.width());
    for (int token = 0; token < query.visible; ++token) {
        const std::vector<float> value = cache.value(token);
        for (int e = 0; e < cache.width(); ++e) result[e] += weights[token] / sum * value[e];
    }
    return result;
}

double largest_error(const std::vector<float>& actual, const std::vector<double>& expected) {
    double worst = 0;
    for (std::size_t e = 0; e < expected.size(); ++e) worst = std::max(worst, std::abs(actual[e] - expected[e]));
    return worst;
}

// With bfloat16 products, queries and probabilities are rounded to 8 bits.
double tolerance(const Kernels& kernels) { return std::string(kernels.name) == "avx512bf16" ? 0.03 : 1e-5; }

void check_against_reference(const Kernels& kernels, const Cache& cache, const std::vector<Query>& queries) {
    const auto results = attend(kernels, cache, queries);
    for (std::size_t q = 0; q < queries.size(); ++q) {
        CHECK_NEAR(largest_error(results[q], reference(cache, queries[q])), 0, tolerance(kernels));
    }
}

void test_lengths(const Kernels& kernels) {
    for (int width : {16, 64, 80, 128, kMaxHead}) {
        for (int tokens : {1, 2, 3, 15, 16, 17, 31, 33, 64, 65, 127, 128, 129, 200, 256, 257, 300}) {
            Cache cache(tokens, width);
            check_against_reference(kernels, cache, random_queries(width, {tokens, tokens}));
        }
    }
}

void test_numbers_of_queries(const Kernels& kernels) {
    Cache cache(300, 64);
    for (int n = 1; n <= kMaxQueries; ++n) {
        std::vector<int> visible(n);
        for (int q = 0; q < n; ++q) visible[q] = 300 - q;
        check_against_reference(kernels, cache, random_queries(64, visible));
    }
    check_against_reference(kernels, cache, random_queries(64, {1, 300, 129, 16, 128, 2}));
}

void test_one_token_gives_its_value(const Kernels& kernels) {
    Cache cache(1, 64);
    CHECK(attend(kernels, cache, {random_query(64, 1)})[0] == cache.value(0));
}

// Scores far from each other, and large ones, must neither overflow nor lose what counts.
void test_large_scores(const Kernels& kernels) {
    Cache cache(150, 64);
    Query query = random_query(64, 150);
    for (float& channel : query.channels) channel *= 200;
    int best = 0;
    for (int token = 1; token < query.visible; ++token) {
        if (dot(query.channels, cache.key(token)) > dot(query.channels, cache.key(best))) best = token;
    }
    const std::vector<float> value = cache.value(best);
    CHECK_NEAR(largest_error(attend(kernels, cache, {query})[0], {value.begin(), value.end()}), 0, 1e-3);
}

// Alone, with others that see more or less, and in any order: the same bits.
void test_independence(const Kernels& kernels) {
    for (int width : {16, 64, 80}) {
        Cache cache(300, width);
        std::vector<Query> queries = random_queries(width, {300, 1, 130, 17, 299, 128});
        const auto together = attend(kernels, cache, queries);
        for (int n = 1; n <= kMaxQueries; ++n) {
            for (int first = 0; first + n <= kMaxQueries; ++first) {
                const auto some = attend(kernels, cache, {queries.begin() + first, queries.begin() + first + n});
                for (int q = 0; q < n; ++q) {
                    CHECK(std::memcmp(some[q].data(), together[first + q].data(), width * sizeof(float)) == 0);
                }
            }
        }
        std::reverse(queries.begin(), queries.end());
        auto reversed = attend(kernels, cache, queries);
        std::reverse(reversed.begin(), reversed.end());
        CHECK(reversed == together);
    }
}

void test_cut_tokens(const Kernels& kernels) {
    for (int tokens : {1, 2, 5, 16, 31, 32, 65, 127, 129, 255}) {
        Cache cache(tokens, 64);
        const std::vector<Query> queries = random_queries(64, {tokens, (tokens + 1) / 2, tokens});
        const auto before = attend(kernels, cache, queries);
        cache.leave_garbage();
        CHECK(attend(kernels, cache, queries) == before);
    }
}

}  // namespace

int main() {
    for (const Kernels* kernels : usable_kernels()) {
        std::cout << kernels->name << '\n';
        test_lengths(*kernels);
        test_numbers_of_queries(*kernels);
        test_one_token_gives_its_value(*kernels);
        test_large_scores(*kernels);
        test_independence(*kernels);
        test_cut_tokens(*kernels);
    }
    return check::report();
}
