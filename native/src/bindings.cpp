// The Python module mim_lsp.runtime.native._native. It checks sizes and types; mim_lsp/runtime/native/ gives it a face.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <atomic>
#include <list>
#include <limits>
#include <memory>
#include <stdexcept>

#include "bandwidth.h"
#include "distribution.h"
#include "kernels/kernels.h"
#include "log_probs.h"
#include "model.h"
#include "round_rows.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

// Whatever has the buffer protocol: memoryviews, arrays of the standard library and of NumPy.
template <class T, int dimensions>
using Array = nb::ndarray<const T, nb::ndim<dimensions>, nb::c_contig, nb::device::cpu>;
using AnyArray = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;

// Refuses to be entered by two threads at once: the GIL is released while a pass runs.
class OneAtATime {
  public:
    explicit OneAtATime(std::atomic<bool>& busy) : busy_(busy) {
        if (busy_.exchange(true)) throw std::runtime_error("the model is in use by another thread");
    }
    ~OneAtATime() { busy_ = false; }
    OneAtATime(const OneAtATime&) = delete;
    OneAtATime& operator=(const OneAtATime&) = delete;

  private:
    std::atomic<bool>& busy_;
};

int to_int(std::size_t size) {
    if (size > static_cast<std::size_t>(std::numeric_limits<int>::max())) throw std::invalid_argument("an array is too large");
    return static_cast<int>(size);
}

// (values, scales): int8 (rows, columns) with float32 (rows,), or uint8 (rows, columns / 2) with (rows, groups) of float16,
// which come as uint16: Python's own memoryviews know no float16.
mim::MatrixSource matrix_source(const AnyArray& values, const AnyArray& scales) {
    if (values.ndim() != 2 || values.shape(0) == 0 || values.shape(1) == 0) throw std::invalid_argument("a matrix needs two dimensions");
    mim::MatrixSource source;
    source.outputs = to_int(values.shape(0));
    if (values.dtype() == nb::dtype<std::int8_t>()) {
        if (scales.dtype() != nb::dtype<float>() || scales.ndim() != 1 || scales.shape(0) != values.shape(0)) {
            throw std::invalid_argument("int8 values need a float32 scale for each row");
        }
        source.inputs = to_int(values.shape(1));
        source.int8 = static_cast<const std::int8_t*>(values.data());
        source.row_scales = static_cast<const float*>(scales.data());
        return source;
    }
    if (values.dtype() != nb::dtype<std::uint8_t>() || scales.dtype() != nb::dtype<std::uint16_t>() || scales.ndim() != 2 ||
        scales.shape(0) != values.shape(0)) {
        throw std::invalid_argument("int4 values need float16 scales for groups of each row");
    }
    source.inputs = to_int(values.shape(1) * 2);
    for (const int group : {mim::kHalfGroup, mim::kGroup}) {
        if (source.inputs % group == 0 && to_int(scales.shape(1)) == source.inputs / group) source.group = group;
    }
    source.int4 = static_cast<const std::uint8_t*>(values.data());
    source.group_scales = static_cast<const std::uint16_t*>(scales.data());
    return source;
}

// What weights point into while they are packed.
struct Memory {
    std::vector<AnyArray> arrays;
    std::list<mim::RoundedRows> rounded;
};

mim::MatrixSource rounded_source(const AnyArray& plain, Memory& keep) {
    mim::MatrixSource source;
    source.outputs = to_int(plain.shape(0));
    source.inputs = to_int(plain.shape(1));
    const auto& rounded =
        keep.rounded.emplace_back(mim::round_rows(static_cast<const float*>(plain.data()), source.outputs, source.inputs));
    source.int8 = rounded.values.data();
    source.row_scales = rounded.scales.data();
    return source;
}

// Arrays by name: vectors and plain matrices alone, other matrices as pairs of values and scales.
mim::WeightSource weight_source(const nb::dict& tensors, Memory& keep) {
    mim::WeightSource source;
    for (const auto& [key, value] : tensors) {
        const auto name = nb::cast<std::string>(key);
        if (nb::isinstance<nb::tuple>(value)) {
            const auto pair = nb::cast<nb::tuple>(value);
            if (pair.size() != 2) throw std::invalid_argument("a matrix is a pair of values and scales");
            const auto values = nb::cast<AnyArray>(pair[0]), scales = nb::cast<AnyArray>(pair[1]);
            source.matrices[name] = matrix_source(values, scales);
            keep.arrays.insert(keep.arrays.end(), {values, scales});
            continue;
        }
        const auto plain = nb::cast<AnyArray>(value);
        if (plain.dtype() != nb::dtype<float>() || plain.ndim() < 1 || plain.ndim() > 2) {
            throw std::invalid_argument("a vector or a plain matrix must be float32");
        }
        if (plain.ndim() == 2) {
            source.matrices[name] = rounded_source(plain, keep);
        } else {
            source.vectors[name] = {static_cast<const float*>(plain.data()), to_int(plain.shape(0))};
            keep.arrays.push_back(plain);
        }
    }
    return source;
}

mim::ModelShape shape_of(const nb::dict& config) {
    const auto integer = [&](const char* name) { return nb::cast<int>(config[name]); };
    const auto real = [&](const char* name) { return nb::cast<float>(config[name]); };
    return {.vocab_size = integer("vocab_size"), .d_model = integer("d_model"), .n_layers = integer("n_layers"),
            .n_heads = integer("n_heads"), .n_kv_heads = integer("n_kv_heads"), .head_dim = integer("head_dim"),
            .d_ff = integer("d_ff"), .rope_theta = real("rope_theta"), .norm_eps = real("norm_eps")};
}

const mim::Kernels& kernels_named(const std::string& name) {
    if (name.empty()) return mim::choose_kernels();
    for (const mim::Kernels* kernels : mim::usable_kernels()) {
        if (name == kernels->name) return *kernels;
    }
    throw std::invalid_argument("this processor has no kernels named '" + name + "'");
}

class PyModel {
  public:
    PyModel(const nb::dict& config, const nb::dict& tensors, int threads, const std::string& kernels, const nb::object& layer_packed) {
        Memory keep;
        const mim::ModelShape shape = shape_of(config);
        mim::WeightSource source = weight_source(tensors, keep);
        if (!layer_packed.is_none()) {
            source.layer_packed = [&layer_packed] {
                const nb::gil_scoped_acquire acquire;
                layer_packed();
            };
        }
        const mim::Kernels& chosen = kernels_named(kernels);
        nb::gil_scoped_release release;
        model_ = std::make_unique<mim::Model>(shape, source, chosen, threads);
    }

    int open_row() {
        const OneAtATime guard(busy_);
        return model_->open_row();
    }
    void close_row(int row) {
        const OneAtATime guard(busy_);
        model_->close_row(row);
    }
    void truncate(int row, int length) {
        const OneAtATime guard(busy_);
        model_->truncate(row, length);
    }
    int length(int row) {
        const OneAtATime guard(busy_);
        return model_->length(row);
    }
    void set_threads(int threads) {
        const OneAtATime guard(busy_);
        model_->set_threads(threads);
    }
    void set_step_threads(int threads) {
        const OneAtATime guard(busy_);
        model_->set_step_threads(threads);
    }

    // rows, outputs: one entry a feed; ids: all feeds' tokens one after the other, `counts` of each.
    // Returns as many distributions as there are outputs, or None if it was cancelled.
    nb::object step(const std::vector<int>& rows, const std::vector<std::int32_t>& ids, const std::vector<int>& counts,
                    const std::vector<int>& outputs, const nb::object& cancel) {
        const OneAtATime guard(busy_);
        const std::vector<mim::RowFeed> feeds = to_feeds(rows, ids, counts, outputs);
        const std::size_t n = model_->count_outputs(feeds), vocab = model_->shape().vocab_size;
        const volatile std::uint8_t* flag = nullptr;
        nb::ndarray<std::uint8_t, nb::ndim<1>, nb::device::cpu> flag_array;
        if (!cancel.is_none()) {
            flag_array = nb::cast<decltype(flag_array)>(cancel);
            if (flag_array.shape(0) != 1) throw std::invalid_argument("a cancel flag is one byte");
            flag = flag_array.data();
        }
        const std::unique_ptr<float[]> out(new float[n * vocab]);
        bool finished = false;
        {
            nb::gil_scoped_release release;
            finished = model_->step(feeds, flag, out.get());
        }
        if (!finished) return nb::none();
        nb::list distributions;
        for (std::size_t i = 0; i < n; ++i) distributions.append(mim::Distribution({out.get() + i * vocab, vocab}));
        return distributions;
    }

    int threads() const { return model_->threads(); }
    int step_threads() const { return model_->step_threads(); }
    std::string kernels() const { return model_->kernels().name; }
    std::size_t weight_bytes() const { return model_->weight_bytes(); }
    std::size_t cache_bytes() {
        const OneAtATime guard(busy_);
        return model_->cache_bytes();
    }

  private:
    static std::vector<mim::RowFeed> to_feeds(const std::vector<int>& rows, const std::vector<std::int32_t>& ids,
                                              const std::vector<int>& counts, const std::vector<int>& outputs) {
        if (rows.size() != counts.size() || rows.size() != outputs.size()) throw std::invalid_argument("one count and one outputs for each row");
        std::vector<mim::RowFeed> feeds;
        std::span<const std::int32_t> rest(ids);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (counts[i] < 0 || static_cast<std::size_t>(counts[i]) > rest.size()) throw std::invalid_argument("counts do not match the ids");
            feeds.push_back({rows[i], rest.first(counts[i]), outputs[i]});
            rest = rest.subspan(counts[i]);
        }
        if (!rest.empty()) throw std::invalid_argument("counts do not match the ids");
        return feeds;
    }

    std::unique_ptr<mim::Model> model_;
    std::atomic<bool> busy_{false};
};

using Ids = Array<std::int32_t, 1>;

std::span<const std::int32_t> checked(const Ids& ids, const mim::Distribution& distribution) {
    const std::span<const std::int32_t> all(ids.data(), ids.shape(0));
    for (const std::int32_t id : all) {
        if (id < 0 || static_cast<std::size_t>(id) >= distribution.log_probs().size()) throw std::out_of_range("there is no such token");
    }
    return all;
}

float log_prob(const mim::Distribution& distribution, int token) {
    if (token < 0 || static_cast<std::size_t>(token) >= distribution.log_probs().size()) throw std::out_of_range("there is no such token");
    return distribution.log_probs()[token];
}

int best_below(const mim::Distribution& distribution, int end, int without) {
    if (end < 0 || static_cast<std::size_t>(end) > distribution.log_probs().size()) throw std::out_of_range("there are fewer tokens");
    return mim::most_probable(distribution.log_probs().first(end), without);
}

int best_of(const mim::Distribution& distribution, const Ids& ids, int without) {
    return mim::most_probable_of(distribution.log_probs(), checked(ids, distribution), without);
}

double log_total(const mim::Distribution& distribution, const Ids& ids) {
    return mim::log_total(distribution.log_probs(), checked(ids, distribution));
}

nb::object floats(nb::handle self) {
    const auto values = nb::cast<const mim::Distribution&>(self).log_probs();
    return nb::cast(nb::ndarray<nb::memview, const float, nb::ndim<1>>(values.data(), {values.size()}, self));
}

std::vector<std::string> kernel_names() {
    std::vector<std::string> names;
    for (const mim::Kernels* kernels : mim::usable_kernels()) names.emplace_back(kernels->name);
    return names;
}

double measure_bandwidth(int threads, std::size_t bytes) {
    nb::gil_scoped_release release;
    mim::ThreadPool pool(threads);
    return mim::read_bandwidth(pool, bytes);
}

}  // namespace

NB_MODULE(_native, m) {
    // A model that lives until the process ends is no leak, and its user should not be told of one.
    nb::set_leak_warnings(false);
    m.doc() = "The C++ core of mim-lsp's native runtime.";
    m.def("kernel_names", &kernel_names, "Kernel tables that this processor can run, the fastest first.");
    m.def("processor_features", &mim::processor_features, "The processor features that the choice of kernels looks at.");
    m.def("read_bandwidth", &measure_bandwidth, "threads"_a, "bytes"_a, "Bytes that a streaming read takes in per second.");
    nb::class_<mim::Distribution>(m, "Distribution")
        .def("log_prob", &log_prob, "token"_a)
        .def("best_below", &best_below, "end"_a, "without"_a = mim::kNoToken)
        .def("best_of", &best_of, "ids"_a, "without"_a = mim::kNoToken)
        .def("log_total", &log_total, "ids"_a)
        .def("floats", &floats);
    nb::class_<PyModel>(m, "Model")
        .def(nb::init<const nb::dict&, const nb::dict&, int, const std::string&, const nb::object&>(), "config"_a, "tensors"_a,
             "threads"_a, "kernels"_a = "", "layer_packed"_a = nb::none())
        .def("open_row", &PyModel::open_row)
        .def("close_row", &PyModel::close_row, "row"_a)
        .def("truncate", &PyModel::truncate, "row"_a, "length"_a)
        .def("length", &PyModel::length, "row"_a)
        .def("set_threads", &PyModel::set_threads, "threads"_a)
        .def("set_step_threads", &PyModel::set_step_threads, "threads"_a)
        .def("step", &PyModel::step, "rows"_a, "ids"_a, "counts"_a, "outputs"_a, "cancel"_a.none() = nb::none())
        .def_prop_ro("threads", &PyModel::threads)
        .def_prop_ro("step_threads", &PyModel::step_threads)
        .def_prop_ro("kernels", &PyModel::kernels)
        .def_prop_ro("weight_bytes", &PyModel::weight_bytes)
        .def_prop_ro("cache_bytes", &PyModel::cache_bytes);
}
