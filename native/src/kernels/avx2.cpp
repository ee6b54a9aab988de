#include "target.h"
#if defined(MIM_X86_64)

MIM_TARGET_BEGIN("avx2,fma,f16c")
#include "float_avx2.h"
#include "dot_avx2.h"
#include "elementwise.h"
#include "attention.h"
#include "matmul.h"
MIM_TARGET_END

namespace mim {

const Kernels kAvx2Kernels{"avx2", matmul, quantize, rms_norm, silu_multiply, add, log_softmax,
                           attend<WidenedPairs>};

}  // namespace mim

#endif
