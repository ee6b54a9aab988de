#include "target.h"
#if defined(MIM_ARM64)

// One instruction set, two spellings: GCC's intrinsics ask for the architecture they came with.
#if defined(__clang__)
MIM_TARGET_BEGIN("dotprod")
#else
MIM_TARGET_BEGIN("arch=armv8.2-a+dotprod")
#endif
#include "float_neon.h"
#include "dot_neon.h"
#include "elementwise.h"
#include "attention.h"
#include "matmul.h"
MIM_TARGET_END

namespace mim {

const Kernels kNeonKernels{"neon", matmul, quantize, rms_norm, silu_multiply, add, log_softmax,
                           attend<WidenedPairs>};

}  // namespace mim

#endif
