// The tables of this build, one file each; `dispatch.cpp` chooses among them.
#pragma once

#include "kernels.h"

#if defined(__x86_64__) || defined(_M_X64)
#define MIM_X86_64 1
#elif defined(__aarch64__) || defined(_M_ARM64)
#define MIM_ARM64 1
#endif

namespace mim {

extern const Kernels kPortableKernels;
#if defined(MIM_X86_64)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvxVnniKernels;
extern const Kernels kAvx512Kernels;
extern const Kernels kAvx512Bf16Kernels;
// Attention is all in which the last differs from the one before.
void attend_bf16(const AttentionTask& task);
#elif defined(MIM_ARM64)
extern const Kernels kNeonKernels;
#endif

}  // namespace mim
