#include "processor.h"

#include <array>
#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(_M_X64)
#include <intrin.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(__aarch64__) && defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(_M_ARM64)
#include <windows.h>
#endif

namespace mim {
namespace {

#if defined(__x86_64__) || defined(_M_X64)

enum Register { kEax, kEbx, kEcx, kEdx };

// The registers of one CPUID leaf; zeros when the processor does not have it.
std::array<unsigned, 4> read_cpuid(unsigned leaf, unsigned subleaf) {
    std::array<unsigned, 4> registers{};
#if defined(_M_X64)
    std::array<int, 4> values{};
    __cpuidex(values.data(), 0, 0);
    if (static_cast<unsigned>(values[kEax]) < leaf) return registers;
    __cpuidex(values.data(), static_cast<int>(leaf), static_cast<int>(subleaf));
    for (int i = 0; i < 4; ++i) registers[i] = static_cast<unsigned>(values[i]);
#else
    if (__get_cpuid_count(leaf, subleaf, &registers[kEax], &registers[kEbx], &registers[kEcx], &registers[kEdx]) == 0) {
        return {};
    }
#endif
    return registers;
}

// Which register state the operating system saves when it switches threads; only valid with OSXSAVE.
std::uint64_t read_saved_state() {
#if defined(_M_X64)
    return _xgetbv(0);
#else
    std::uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (static_cast<std::uint64_t>(high) << 32) | low;
#endif
}

struct CpuidBit {
    const char* name;
    unsigned leaf, subleaf;
    Register reg;
    int bit;
    bool needs_avx512_state;
};

constexpr CpuidBit kOsXsave{"osxsave", 1, 0, kEcx, 27, false};
constexpr std::uint64_t kAvxState = 0x06;     // xmm, ymm
constexpr std::uint64_t kAvx512State = 0xe6;  // and mask registers, both halves of zmm
constexpr CpuidBit kFeatures[] = {
    {"fma", 1, 0, kEcx, 12, false},       {"f16c", 1, 0, kEcx, 29, false},      {"avx2", 7, 0, kEbx, 5, false},
    {"avxvnni", 7, 1, kEax, 4, false},    {"avx512f", 7, 0, kEbx, 16, true},    {"avx512dq", 7, 0, kEbx, 17, true},
    {"avx512bw", 7, 0, kEbx, 30, true},   {"avx512vl", 7, 0, kEbx, 31, true},   {"avx512vnni", 7, 0, kEcx, 11, true},
    {"avx512bf16", 7, 1, kEax, 5, true},
};

bool has_bit(const CpuidBit& feature) {
    return ((read_cpuid(feature.leaf, feature.subleaf)[feature.reg] >> feature.bit) & 1) != 0;
}

#elif defined(__aarch64__) || defined(_M_ARM64)

bool has_dot_product() {
#if defined(__linux__)
    constexpr unsigned long kAsimdDotProduct = 1ul << 20;  // HWCAP_ASIMDDP, which older C libraries do not name
    return (getauxval(AT_HWCAP) & kAsimdDotProduct) != 0;
#elif defined(__APPLE__)
    int value = 0;
    std::size_t size = sizeof value;
    return sysctlbyname("hw.optional.arm.FEAT_DotProd", &value, &size, nullptr, 0) == 0 && value != 0;
#elif defined(_M_ARM64)
    constexpr DWORD kDotProduct = 43;  // PF_ARM_V82_DP_INSTRUCTIONS_AVAILABLE, which older SDKs do not name
    return IsProcessorFeaturePresent(kDotProduct) != 0;
#else
    return false;
#endif
}

#endif

}  // namespace

std::vector<std::string> find_processor_features() {
    std::vector<std::string> found;
#if defined(__x86_64__) || defined(_M_X64)
    const std::uint64_t saved_state = has_bit(kOsXsave) ? read_saved_state() : 0;
    for (const CpuidBit& feature : kFeatures) {
        const std::uint64_t needed_state = feature.needs_avx512_state ? kAvx512State : kAvxState;
        if (has_bit(feature) && (saved_state & needed_state) == needed_state) found.emplace_back(feature.name);
    }
#elif defined(__aarch64__) || defined(_M_ARM64)
    if (has_dot_product()) found.emplace_back("dotprod");
#endif
    return found;
}

}  // namespace mim
