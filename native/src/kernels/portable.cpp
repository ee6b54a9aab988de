#include "tables.h"

#include "float_portable.h"
#include "dot_portable.h"
#include "elementwise.h"
#include "attention.h"
#include "matmul.h"

namespace mim {

const Kernels kPortableKernels{"portable", matmul,     quantize,    rms_norm, silu_multiply,
                               add,        log_softmax, attend<WidenedPairs>};

}  // namespace mim
