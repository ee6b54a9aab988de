// Exponentials of vectors. Included after a float_*.h; hence the unnamed namespace.
#pragma once

namespace mim {
namespace {

// Added to a float of less than 2^22, it pushes the fraction out: the sum's lowest bits are the nearest whole number, ties
// to even.
constexpr float kRounder = 12582912.0f;  // 1.5 * 2^23

MIM_INLINE Float::Vector round_to_even(Float::Vector x) {
    return Float::subtract(Float::add(x, Float::broadcast(kRounder)), Float::broadcast(kRounder));
}

// coefficients[0] + coefficients[1] x + ...
template <int kTerms>
MIM_INLINE Float::Vector polynomial(Float::Vector x, const float (&coefficients)[kTerms]) {
    Float::Vector result = Float::broadcast(coefficients[kTerms - 1]);
    MIM_UNROLL
    for (int i = kTerms - 2; i >= 0; --i) {
        result = Float::multiply_add(result, x, Float::broadcast(coefficients[i]));
    }
    return result;
}

// e^x for x <= 88, with a relative error below 2e-7; 0 below -87.4, thus for minus infinity; NaN for NaN.
MIM_INLINE Float::Vector exp(Float::Vector x) {
    // Of least relative error for |x| <= log(2) / 2.
    constexpr float kCoefficients[] = {1.000000072f,  0.999999692f,   0.4999889485f,
                                       0.1666757473f, 0.04191538199f, 0.008297655088f};
    constexpr float kLog2E = 1.44269504f;
    // log(2) in two parts, so that n * log(2) is exact enough: the product with the first has no rounding error.
    constexpr float kLog2High = 0.693359375f;
    constexpr float kLog2Low = -2.12194440e-4f;
    x = Float::max(x, Float::broadcast(-88.0f));
    const Float::Vector biased = Float::multiply_add(x, Float::broadcast(kLog2E), Float::broadcast(kRounder + 127.0f));
    const Float::Vector n = Float::subtract(biased, Float::broadcast(kRounder + 127.0f));
    Float::Vector rest = Float::multiply_add(n, Float::broadcast(-kLog2High), x);
    rest = Float::multiply_add(n, Float::broadcast(-kLog2Low), rest);
    return Float::multiply(polynomial(rest, kCoefficients), Float::low_byte_as_exponent(biased));
}

}  // namespace
}  // namespace mim
