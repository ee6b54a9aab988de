// A whole model against the slow reference, and what must be equal bit for bit however a row came about.
#include "model.h"

#include <algorithm>
#include <random>
#include <stdexcept>

#include "check.h"
#include "tiny_model.h"

namespace mim {
namespace {

using Ids = std::vector<std::int32_t>;

Ids random_ids(std::mt19937& random, int n) {
    Ids ids(n);
    for (std::int32_t& id : ids) id = std::uniform_int_distribution<std::int32_t>(0, tiny_shape().vocab_size - 1)(random);
    return ids;
}

std::vector<float> step(Model& model, const std::vector<RowFeed>& feeds) {
    std::vector<float> out(static_cast<std::size_t>(model.count_outputs(feeds)) * model.shape().vocab_size);
    CHECK(model.step(feeds, nullptr, out.data()));
    return out;
}

// What follows `ids`, read from nothing in one pass.
std::vector<float> from_nothing(Model& model, const Ids& ids) {
    const int row = model.open_row();
    std::vector<float> out = step(model, {{row, ids, 1}});
    model.close_row(row);
    return out;
}

// Activations are rounded to 8 bits and the cache to bfloat16; a mistake costs more than ten times as much.
bool is_near_reference(const std::vector<float>& found, const std::vector<double>& wanted) {
    double worst = 0, total = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const double difference = std::abs(found[i] - wanted[i]);
        worst = std::max(worst, difference);
        total += difference;
    }
    const double mean = total / static_cast<double>(wanted.size());
    if (worst > 0.15 || mean > 0.03) std::cerr << "    differs by " << worst << " at most, " << mean << " on average\n";
    return worst <= 0.15 && mean <= 0.03;
}

void test_reference(const Kernels& kernels, int int4_group) {
    const TinyModel tiny(int4_group == 0 ? tiny_shape() : tiny_int4_shape(), int4_group);
    std::mt19937 random(2);
    Model model(tiny.shape(), tiny.source(), kernels, 2);
    for (const int n : {1, 2, 7, 40}) {
        const Ids ids = random_ids(random, n);
        CHECK(is_near_reference(from_nothing(model, ids), tiny.reference(ids)));
    }
}

// Random feeds, cuts, new and closed rows on several rows at once: always what reading the whole text gives.
void test_random_edits(const Kernels& kernels, int threads) {
    const TinyModel tiny(tiny_shape(), 0);
    Model model(tiny.shape(), tiny.source(), kernels, threads), fresh(tiny.shape(), tiny.source(), kernels, 1);
    std::mt19937 random(3 + threads);
    const auto pick = [&](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
    std::map<int, Ids> held;
    for (int round = 0; round < 30; ++round) {
        if (held.size() < 3 || pick(0, 9) == 0) held[model.open_row()];
        if (held.size() > 4) {
            model.close_row(held.begin()->first);
            held.erase(held.begin());
        }
        std::vector<Ids> news;
        std::vector<int> rows;
        for (auto& [row, ids] : held) {
            if (pick(0, 2) == 0) continue;
            const int kept = pick(0, 3) == 0 ? pick(0, static_cast<int>(ids.size())) : static_cast<int>(ids.size());
            model.truncate(row, kept);
            ids.resize(kept);
            news.push_back(random_ids(random, pick(0, 4) == 0 ? pick(100, 160) : pick(1, 9)));
            ids.insert(ids.end(), news.back().begin(), news.back().end());
            rows.push_back(row);
        }
        std::vector<RowFeed> feeds;
        for (std::size_t i = 0; i < rows.size(); ++i) feeds.push_back({rows[i], news[i], 1});
        const std::vector<float> out = step(model, feeds);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const int vocab = model.shape().vocab_size;
            const std::vector<float> part(out.begin() + i * vocab, out.begin() + (i + 1) * vocab);
            CHECK(part == from_nothing(fresh, held[rows[i]]));
        }
    }
}

void test_several_outputs_equal_single_ones() {
    const TinyModel tiny(tiny_shape(), 0);
    Model model(tiny.shape(), tiny.source(), choose_kernels(), 2);
    std::mt19937 random(5);
    const Ids ids = random_ids(random, 23);
    const std::vector<float> all = step(model, {{model.open_row(), ids, 23}});
    const int row = model.open_row(), vocab = model.shape().vocab_size;
    for (int i = 0; i < 23; ++i) {
        const std::vector<float> one = step(model, {{row, std::span(ids).subspan(i, 1), 1}});
        CHECK(std::equal(one.begin(), one.end(), all.begin() + i * vocab));
    }
    CHECK(step(model, {{model.open_row(), ids, 0}}).empty());
}

void test_cancelled_pass_leaves_rows_as_they_were() {
    const TinyModel tiny(tiny_shape(), 0);
    Model model(tiny.shape(), tiny.source(), choose_kernels(), 2);
    std::mt19937 random(6);
    const Ids ids = random_ids(random, 30), more = random_ids(random, 9);
    const int row = model.open_row();
    step(model, {{row, ids, 1}});
    const std::uint8_t cancel = 1;
    std::vector<float> out(model.shape().vocab_size);
    const std::vector<RowFeed> feeds{{row, more, 1}};
    CHECK(!model.step(feeds, &cancel, out.data()));
    CHECK_EQUAL(model.length(row), 30);
    Ids whole = ids;
    whole.insert(whole.end(), more.begin(), more.end());
    CHECK(step(model, feeds) == from_nothing(model, whole));
}

// With so many tokens products are shared out by rows, in stretches that may be short and have all of a wide matrix.
void test_long_feeds_equal_short_ones(int threads) {
    ModelShape shape = tiny_shape();
    shape.d_ff = 2632;
    const TinyModel tiny(shape, 0);
    Model model(shape, tiny.source(), choose_kernels(), threads);
    std::mt19937 random(7);
    for (const int n : {64, 130}) {
        const Ids ids = random_ids(random, n);
        const int row = model.open_row(), vocab = shape.vocab_size;
        std::vector<float> apart;
        for (int start = 0, end; start < n; start = end) {
            end = std::min(start + 13, n);
            const std::vector<float> some = step(model, {{row, std::span(ids).subspan(start, end - start), end - start}});
            apart.insert(apart.end(), some.begin(), some.end());
        }
        for (const int outputs : {1, 30}) {
            const std::vector<float> together = step(model, {{model.open_row(), ids, outputs}});
            CHECK(std::equal(together.begin(), together.end(), apart.end() - static_cast<std::ptrdiff_t>(outputs) * vocab));
        }
    }
}

void test_threads_can_be_changed() {
    const TinyModel tiny(tiny_shape(), 0);
    Model model(tiny.shape(), tiny.source(), choose_kernels(), 1);
    const Ids ids{1, 2, 3, 4, 5};
    const std::vector<float> first = from_nothing(model, ids);
    for (const int threads : {4, 2, 1}) {
        model.set_threads(threads);
        CHECK_EQUAL(model.threads(), threads);
        CHECK_EQUAL(model.step_threads(), threads);
        CHECK(from_nothing(model, ids) == first);
    }
    model.set_threads(3);
    for (const int threads : {1, 2, 3}) {
        model.set_step_threads(threads);
        CHECK_EQUAL(model.step_threads(), threads);
        CHECK(from_nothing(model, ids) == first);
    }
    model.set_step_threads(4);
    CHECK_EQUAL(model.step_threads(), 3);
}

template <class Error, class F>
void check_throws(F&& function) {
    bool thrown = false;
    try {
        function();
    } catch (const Error&) {
        thrown = true;
    }
    CHECK(thrown);
}

void test_wrong_feeds_are_refused() {
    const TinyModel tiny(tiny_shape(), 0);
    Model model(tiny.shape(), tiny.source(), choose_kernels(), 1);
    const int row = model.open_row();
    const Ids good{1, 2}, large{101}, negative{-1}, none;
    const auto count = [&](std::vector<RowFeed> feeds) { model.count_outputs(feeds); };
    check_throws<std::out_of_range>([&] { count({{row + 1, good, 1}}); });
    for (const RowFeed& feed : {RowFeed{row, large, 1}, {row, negative, 1}, {row, none, 0}, {row, good, 3}, {row, good, -1}}) {
        check_throws<std::invalid_argument>([&] { count({feed}); });
    }
    check_throws<std::invalid_argument>([&] { count({{row, good, 1}, {row, good, 1}}); });
    check_throws<std::invalid_argument>([&] { model.truncate(row, 1); });
    check_throws<std::invalid_argument>([&] { model.truncate(row, -1); });
    model.close_row(row);
    check_throws<std::out_of_range>([&] { model.close_row(row); });
    CHECK(model.open_row() != row);
}

void test_weights_that_do_not_fit_are_refused() {
    const TinyModel tiny(tiny_shape(), 0);
    const auto load = [&](const ModelShape& shape, const WeightSource& source) { Model(shape, source, choose_kernels(), 2); };
    ModelShape shape = tiny.shape();
    for (int* dimension : {&shape.vocab_size, &shape.d_model, &shape.n_layers, &shape.n_heads, &shape.n_kv_heads, &shape.head_dim, &shape.d_ff}) {
        const int right = *dimension;
        for (const int wrong : {right + 2, right * 2, 0, -1, 1 << 30}) {
            *dimension = wrong;
            check_throws<std::invalid_argument>([&] { load(shape, tiny.source()); });
        }
        *dimension = right;
    }
    const WeightSource whole = tiny.source();
    for (const auto& [name, matrix] : whole.matrices) {
        WeightSource part = whole;
        part.matrices.erase(name);
        check_throws<std::invalid_argument>([&] { load(tiny.shape(), part); });
        part.matrices[name] = {};
        check_throws<std::invalid_argument>([&] { load(tiny.shape(), part); });
    }
    WeightSource part = whole;
    part.vectors["norm.weight"].size -= 1;
    check_throws<std::invalid_argument>([&] { load(tiny.shape(), part); });
}

}  // namespace
}  // namespace mim

int main() {
    using namespace mim;
    for (const Kernels* kernels : usable_kernels()) {
        for (const int group : {0, kHalfGroup, kGroup}) test_reference(*kernels, group);
        test_random_edits(*kernels, 2);
    }
    for (const int threads : {1, 4}) test_random_edits(choose_kernels(), threads);
    for (const int threads : {1, 3}) test_long_feeds_equal_short_ones(threads);
    test_several_outputs_equal_single_ones();
    test_cancelled_pass_leaves_rows_as_they_were();
    test_threads_can_be_changed();
    test_wrong_feeds_are_refused();
    test_weights_that_do_not_fit_are_refused();
    return check::report();
}
