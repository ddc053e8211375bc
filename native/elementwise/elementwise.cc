// Functions of one array, their gradients, and selection.
#include "native/base/map.h"
#include "native/base/ops.h"
#include "native/base/vector_math.h"
#include "native/kernels.h"

namespace axonode::AXONODE_ISA {
namespace {

constexpr float kSqrtHalf = 0.70710678f;
constexpr float kSqrtTwoOverPi = 0.79788456f;
constexpr float kInverseSqrtTwoPi = 0.39894228f;
constexpr float kGeluCubic = 0.044715f;

// What an element costs, in additions: polynomials in vectors, and the C library's functions one by
// one.
constexpr int64_t kPolynomial = 8;
constexpr int64_t kLibrary = 64;

AXONODE_INLINE VecF sign(VecF x) {
  return select(x > 0.0f, splat(1.0f), select(x < 0.0f, splat(-1.0f), x));
}

// Φ, the standard normal's cumulative distribution.
AXONODE_INLINE VecF normalCdf(VecF x) { return 0.5f + 0.5f * erf(x * kSqrtHalf); }

AXONODE_INLINE VecF geluTanhOf(VecF x) {
  return tanh(kSqrtTwoOverPi * (x + kGeluCubic * x * x * x));
}

// A limit in whole numbers: what an int32 is raised or lowered to by `limit`, stored as JavaScript
// does.
int32_t wholeLimit(double limit, int32_t none) {
  if (limit > -2147483649.0 && limit < 2147483648.0) return static_cast<int32_t>(limit);
  return limit > 0 ? INT32_MAX : limit < 0 ? INT32_MIN : none;
}

void unaryInt(Context& context, int32_t* out, const int32_t* x, int64_t n, UnaryOp op, double p,
              double q) {
  const auto apply = [&](auto f) { map(context, f, 1, n, out, x); };
  const int32_t low = wholeLimit(p, INT32_MIN), high = wholeLimit(q, INT32_MAX);
  // Unsigned arithmetic wraps.
  switch (op) {
    case UnaryOp::kNeg:
      return apply([](VecI v) { return VecI(-VecU(v)); });
    case UnaryOp::kAbs:
      return apply([](VecI v) { return select(v < 0, VecI(-VecU(v)), v); });
    case UnaryOp::kSign:
      return apply([](VecI v) { return (v < 0) - (v > 0); });
    case UnaryOp::kSquare:
      return apply([](VecI v) { return VecI(VecU(v) * VecU(v)); });
    case UnaryOp::kRelu:
      return apply([](VecI v) { return v & (v > 0); });
    case UnaryOp::kClamp:
      return apply([=](VecI v) {
        const VecI raised = select(v < low, splat(low), v);
        return select(raised > high, splat(high), raised);
      });
    default:  // TypeScript asks for no others
      return;
  }
}

void unaryFloat(Context& context, float* out, const float* x, int64_t n, UnaryOp op, float p,
                float q) {
  const auto apply = [&](auto f) { map(context, f, 1, n, out, x); };
  const auto applyPolynomial = [&](auto f) { map(context, f, kPolynomial, n, out, x); };
  const auto applyLibrary = [&](auto f) {
    map(
        context, [f](VecF v) { return eachLane(v, f); }, kLibrary, n, out, x);
  };
  switch (op) {
    case UnaryOp::kNeg:
      return apply([](VecF v) { return -v; });
    case UnaryOp::kAbs:
      return apply([](VecF v) { return absolute(v); });
    case UnaryOp::kSign:
      return apply([](VecF v) { return sign(v); });
    case UnaryOp::kSquare:
      return apply([](VecF v) { return v * v; });
    case UnaryOp::kSqrt:
      return apply([](VecF v) { return squareRoot(v); });
    case UnaryOp::kRsqrt:
      return apply([](VecF v) { return 1.0f / squareRoot(v); });
    case UnaryOp::kReciprocal:
      return apply([](VecF v) { return 1.0f / v; });
    case UnaryOp::kExp:
      return applyPolynomial([](VecF v) { return exp(v); });
    case UnaryOp::kExpm1:
      return applyPolynomial([](VecF v) { return expm1(v); });
    case UnaryOp::kLog:
      return applyPolynomial([](VecF v) { return log(v); });
    case UnaryOp::kLog1p:
      return applyPolynomial([](VecF v) { return log1p(v); });
    case UnaryOp::kSin:
      return applyLibrary([](float v) { return ::sinf(v); });
    case UnaryOp::kCos:
      return applyLibrary([](float v) { return ::cosf(v); });
    case UnaryOp::kTan:
      return applyLibrary([](float v) { return ::tanf(v); });
    case UnaryOp::kTanh:
      return applyPolynomial([](VecF v) { return tanh(v); });
    case UnaryOp::kSigmoid:
      return applyPolynomial([](VecF v) { return sigmoid(v); });
    case UnaryOp::kRelu:
      return apply([](VecF v) { return atLeast(v, 0.0f); });
    case UnaryOp::kLeakyRelu:
      return apply([p](VecF v) { return select(v > 0.0f, v, p * v); });
    case UnaryOp::kElu:
      return applyPolynomial([p](VecF v) { return select(v > 0.0f, v, p * expm1(v)); });
    case UnaryOp::kGelu:
      return applyPolynomial([](VecF v) { return v * normalCdf(v); });
    case UnaryOp::kGeluTanh:
      return applyPolynomial([](VecF v) { return 0.5f * v * (1.0f + geluTanhOf(v)); });
    case UnaryOp::kSilu:
      return applyPolynomial([](VecF v) { return v * sigmoid(v); });
    case UnaryOp::kSoftplus:
      return applyPolynomial(
          [p, q](VecF v) { return select(p * v > q, v, log1p(exp(p * v)) / p); });
    case UnaryOp::kClamp:
      return apply([p, q](VecF v) { return atMost(atLeast(v, p), q); });
    case UnaryOp::kFloor:
      return apply([](VecF v) { return eachLane(v, [](float a) { return __builtin_floorf(a); }); });
    case UnaryOp::kCeil:
      return apply([](VecF v) { return eachLane(v, [](float a) { return __builtin_ceilf(a); }); });
    case UnaryOp::kRound:
      return apply([](VecF v) { return eachLane(v, [](float a) { return __builtin_rintf(a); }); });
    case UnaryOp::kErf:
      return applyPolynomial([](VecF v) { return erf(v); });
    case UnaryOp::kAffine:
      return apply([p, q](VecF v) { return v * p + q; });
    case UnaryOp::kCount:
      return;
  }
}

}  // namespace

void unary(Context& context, AnyOut out, AnyIn x, int64_t n, int64_t op, double p, double q) {
  if (out.dtype == DType::kInt32) {
    unaryInt(context, as<int32_t>(out), as<int32_t>(x), n, UnaryOp(op), p, q);
  } else {
    unaryFloat(context, as<float>(out), as<float>(x), n, UnaryOp(op), static_cast<float>(p),
               static_cast<float>(q));
  }
}

// out = g · f'(s)
void unaryGrad(Context& context, float* out, const float* g, const float* s, int64_t n, int64_t op,
               double doubleP, double doubleQ) {
  const float p = static_cast<float>(doubleP), q = static_cast<float>(doubleQ);
  const auto apply = [&](auto f) { map(context, f, 1, n, out, g, s); };
  const auto applyPolynomial = [&](auto f) { map(context, f, kPolynomial, n, out, g, s); };
  switch (UnaryGradOp(op)) {
    case UnaryGradOp::kTanh:
      return apply([](VecF d, VecF y) { return d * (1.0f - y * y); });
    case UnaryGradOp::kSigmoid:
      return apply([](VecF d, VecF y) { return d * y * (1.0f - y); });
    case UnaryGradOp::kRelu:
      return apply([](VecF d, VecF y) { return select(y <= 0.0f, VecF{}, d); });
    case UnaryGradOp::kLeakyRelu:
      return apply([p](VecF d, VecF x) { return select(x > 0.0f, d, p * d); });
    case UnaryGradOp::kElu:
      return applyPolynomial([p](VecF d, VecF x) { return select(x <= 0.0f, p * exp(x) * d, d); });
    case UnaryGradOp::kGelu:
      return applyPolynomial([](VecF d, VecF x) {
        return d * (normalCdf(x) + x * (kInverseSqrtTwoPi * exp(-0.5f * x * x)));
      });
    case UnaryGradOp::kGeluTanh:
      return applyPolynomial([](VecF d, VecF x) {
        const VecF t = geluTanhOf(x);
        const VecF slope = kSqrtTwoOverPi * (1.0f + 3.0f * kGeluCubic * x * x);
        return 0.5f * d * (1.0f + t + x * (1.0f - t * t) * slope);
      });
    case UnaryGradOp::kSilu:
      return applyPolynomial([](VecF d, VecF x) {
        const VecF share = sigmoid(x);
        return d * share * (1.0f + x * (1.0f - share));
      });
    case UnaryGradOp::kSoftplus:
      return applyPolynomial(
          [p, q](VecF d, VecF x) { return select(p * x > q, d, d * sigmoid(p * x)); });
    case UnaryGradOp::kClamp:
      return apply([p, q](VecF d, VecF x) { return select((x >= p) & (x <= q), d, VecF{}); });
    case UnaryGradOp::kHardtanh:
      return apply([p, q](VecF d, VecF x) { return select((x <= p) | (x >= q), VecF{}, d); });
    case UnaryGradOp::kCount:
      return;
  }
}

void where(Context& context, AnyOut out, const uint8_t* condition, AnyIn a, AnyIn b, int64_t n) {
  withCarrier(out.dtype, [&]<class T>(T) {
    parallelFor(context, n, kGrain, [&](int64_t begin, int64_t end) {
      T* __restrict to = as<T>(out);
      const T* __restrict yes = as<T>(a);
      const T* __restrict no = as<T>(b);
      for (int64_t i = begin; i < end; ++i) {
        const T chosen = yes[i], other = no[i];
        to[i] = condition[i] ? chosen : other;
      }
    });
  });
}

}  // namespace axonode::AXONODE_ISA
