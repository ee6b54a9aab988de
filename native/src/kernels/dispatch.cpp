#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "kernels.h"
#include "processor.h"
#include "tables.h"

namespace mim {
namespace {

struct Candidate {
    const Kernels* kernels;
    const char* needs;  // instruction sets, separated by spaces
};

// The fastest first.
const Candidate kCandidates[] = {
#if defined(MIM_X86_64)
    {&kAvx512Bf16Kernels, "avx2 fma f16c avx512f avx512bw avx512dq avx512vl avx512vnni avx512bf16"},
    {&kAvx512Kernels, "avx2 fma f16c avx512f avx512bw avx512dq avx512vl avx512vnni"},
    {&kAvxVnniKernels, "avx2 fma f16c avxvnni"},
    {&kAvx2Kernels, "avx2 fma f16c"},
#elif defined(MIM_ARM64)
    {&kNeonKernels, "dotprod"},
#endif
    {&kPortableKernels, ""},
};

bool can_run(const Candidate& candidate, const std::vector<std::string>& features) {
    std::istringstream needs(candidate.needs);
    for (std::string need; needs >> need;) {
        if (std::find(features.begin(), features.end(), need) == features.end()) return false;
    }
    return true;
}

std::string join(const std::vector<std::string>& words, const char* separator) {
    std::string joined;
    for (const std::string& word : words) joined += (joined.empty() ? "" : separator) + word;
    return joined;
}

[[noreturn]] void reject(const std::string& name, const std::vector<const Kernels*>& usable) {
    std::vector<std::string> names;
    for (const Kernels* kernels : usable) names.emplace_back(kernels->name);
    throw std::invalid_argument("MIM_KERNELS is '" + name + "', but here only these can run: " + join(names, ", "));
}

}  // namespace

std::vector<const Kernels*> usable_kernels() {
    const std::vector<std::string> features = find_processor_features();
    std::vector<const Kernels*> usable;
    for (const Candidate& candidate : kCandidates) {
        if (can_run(candidate, features)) usable.push_back(candidate.kernels);
    }
    return usable;
}

const Kernels& choose_kernels() {
    const std::vector<const Kernels*> usable = usable_kernels();
    const char* name = std::getenv("MIM_KERNELS");
    if (name == nullptr || *name == '\0') return *usable.front();
    for (const Kernels* kernels : usable) {
        if (std::string(kernels->name) == name) return *kernels;
    }
    reject(name, usable);
}

std::string processor_features() { return join(find_processor_features(), " "); }

}  // namespace mim
