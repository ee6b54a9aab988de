#include "target.h"
#if defined(MIM_X86_64)

MIM_TARGET_BEGIN("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512bf16")
#include "float_avx512.h"
#include "attention.h"
#include "bf16_avx512.h"

namespace mim {

void attend_bf16(const AttentionTask& task) { attend<Bf16Pairs>(task); }

}  // namespace mim

MIM_TARGET_END

#endif
