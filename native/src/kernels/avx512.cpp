#include "target.h"
#if defined(MIM_X86_64)

MIM_TARGET_BEGIN("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")
#include "float_avx512.h"
#include "dot_avx512.h"
#include "elementwise.h"
#include "attention.h"
#include "matmul.h"
MIM_TARGET_END

namespace mim {

const Kernels kAvx512Kernels{"avx512", matmul, quantize, rms_norm, silu_multiply, add, log_softmax,
                             attend<WidenedPairs>};
const Kernels kAvx512Bf16Kernels{"avx512bf16", matmul, quantize, rms_norm, silu_multiply, add, log_softmax,
                                 attend_bf16};

}  // namespace mim

#endif
