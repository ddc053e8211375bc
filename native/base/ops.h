// The op codes of src/backend/kernels/opCodes.ts, in its order, and choosing by element type. New
// ones go before kCount, which the binding checks codes by and a test compares.
#pragma once

#include "native/base/simd.h"
#include "native/base/types.h"

namespace axonode::AXONODE_ISA {

enum class UnaryOp {
  kNeg,
  kAbs,
  kSign,
  kSquare,
  kSqrt,
  kRsqrt,
  kReciprocal,
  kExp,
  kExpm1,
  kLog,
  kLog1p,
  kSin,
  kCos,
  kTan,
  kTanh,
  kSigmoid,
  kRelu,
  kLeakyRelu,
  kElu,
  kGelu,
  kGeluTanh,
  kSilu,
  kSoftplus,
  kClamp,
  kFloor,
  kCeil,
  kRound,
  kErf,
  kAffine,
  kCount
};

enum class UnaryGradOp {
  kTanh,
  kSigmoid,
  kRelu,
  kLeakyRelu,
  kElu,
  kGelu,
  kGeluTanh,
  kSilu,
  kSoftplus,
  kClamp,
  kHardtanh,
  kCount
};

enum class BinaryOp {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMaximum,
  kMinimum,
  kPow,
  kRsub,
  kRdiv,
  kRpow,
  kRemainder,
  kAtan2,
  kGreaterHalf,
  kCount
};

enum class CompareOp { kEq, kNe, kLt, kLe, kGt, kGe, kCount };
enum class ReduceOp { kSum, kMean, kMax, kMin, kProd, kSumSquares, kSumAbs, kCount };
enum class ArgOp { kMax, kMin, kCount };
enum class UpsampleMode {
  kNearest,
  kNearestExact,
  kLinear,
  kLinearCorners,
  kCubic,
  kCubicCorners,
  kCount
};

template <class T>
AXONODE_INLINE const T* as(AnyIn x) {
  return static_cast<const T*>(x.data);
}
template <class T>
AXONODE_INLINE T* as(AnyOut out) {
  return static_cast<T*>(out.data);
}

// use(T{}) with T the element type.
template <class Use>
static inline void withType(DType dtype, const Use& use) {
  switch (dtype) {
    case DType::kFloat32:
      return use(float{});
    case DType::kInt32:
      return use(int32_t{});
    case DType::kUint8:
      return use(uint8_t{});
  }
}

// use(T{}) with a T of the element's size, for what moves elements and never reads them as numbers.
template <class Use>
static inline void withCarrier(DType dtype, const Use& use) {
  if (elementSize(dtype) == 4) return use(float{});
  return use(uint8_t{});
}

// As JavaScript's `value | 0`: truncated, modulo 2³²; NaN and infinities give 0.
static inline int32_t toInt32(double value) {
  if (value > -2147483649.0 && value < 2147483648.0) return static_cast<int32_t>(value);
  if (!(value - value == 0)) return 0;
  const double rest = __builtin_fmod(__builtin_trunc(value), 4294967296.0);
  return static_cast<int32_t>(static_cast<uint32_t>(static_cast<int64_t>(rest)));
}

}  // namespace axonode::AXONODE_ISA
