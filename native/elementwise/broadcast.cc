// Functions of two arrays: of one shape, with a scalar, broadcast; and comparisons.
#include "native/base/ops.h"
#include "native/base/strided.h"
#include "native/base/vector_math.h"
#include "native/kernels.h"

namespace axonode::AXONODE_ISA {
namespace {

// out[i] = a[i·aStep] ∘ b[i·bStep] for i < n; a step of 0 repeats one element.
template <class T>
using BinaryRow = void (*)(T* out, const T* a, int64_t aStep, const T* b, int64_t bStep, int64_t n);

// A function along a row, and what an element costs in additions.
template <class T>
struct BinaryFunction {
  BinaryRow<T> row;
  int64_t cost;
};
constexpr int64_t kLibrary = 64;  // the C library's functions, one element after another

template <class T>
__attribute__((noinline)) void gatherRow(T* __restrict out, const T* __restrict x, int64_t step,
                                         int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = x[i * step];
}

template <class T, class Function>
void binaryRow(T* out, const T* a, int64_t aStep, const T* b, int64_t bStep, int64_t n) {
  constexpr Function f{};
  const auto run = [=](auto left, auto right) {
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) store(out + i, f(left(i, kLanes), right(i, kLanes)));
    if (i < n) storePartial(out + i, f(left(i, n - i), right(i, n - i)), n - i);
  };
  const auto contiguous = [](const T* p) {
    return [p](int64_t i, int64_t count) {
      return count == kLanes ? load(p + i) : loadPartial(p + i, count);
    };
  };
  const auto repeated = [](const T* p) {
    return [value = splat(*p)](int64_t, int64_t) { return value; };
  };
  if (aStep == 1 && bStep == 1) return run(contiguous(a), contiguous(b));
  if (aStep == 1 && bStep == 0) return run(contiguous(a), repeated(b));
  if (aStep == 0 && bStep == 1) return run(repeated(a), contiguous(b));

  constexpr int64_t kPiece = 256;
  T left[kPiece], right[kPiece];
  for (int64_t start = 0; start < n; start += kPiece) {
    const int64_t count = smaller(kPiece, n - start);
    gatherRow(left, a + start * aStep, aStep, count);
    gatherRow(right, b + start * bStep, bStep, count);
    binaryRow<T, Function>(out + start, left, 1, right, 1, count);
  }
}

template <class T, class Function>
BinaryFunction<T> vectors(Function) {
  return {binaryRow<T, Function>, 1};
}

template <class T, class Function>
struct LaneByLane {
  // A call of its own: inlined, each function would be there some hundred times.
  __attribute__((noinline)) Vec<T> operator()(Vec<T> a, Vec<T> b) const {
    return eachLane(a, b, Function{});
  }
};
template <class T, class Function>
BinaryFunction<T> lanes(Function) {
  return {binaryRow<T, LaneByLane<T, Function>>, kLibrary};
}

float flooredRemainder(float a, float b) {
  const float rest = ::fmodf(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

BinaryFunction<float> floatFunction(BinaryOp op) {
  switch (op) {
    case BinaryOp::kAdd:
      return vectors<float>([](VecF a, VecF b) { return a + b; });
    case BinaryOp::kSub:
      return vectors<float>([](VecF a, VecF b) { return a - b; });
    case BinaryOp::kMul:
      return vectors<float>([](VecF a, VecF b) { return a * b; });
    case BinaryOp::kDiv:
      return vectors<float>([](VecF a, VecF b) { return a / b; });
    case BinaryOp::kMaximum:
      return vectors<float>([](VecF a, VecF b) { return select(a != a, a, maxOrSecond(a, b)); });
    case BinaryOp::kMinimum:
      return vectors<float>([](VecF a, VecF b) { return select(a != a, a, minOrSecond(a, b)); });
    case BinaryOp::kPow:
      return lanes<float>([](float a, float b) { return ::powf(a, b); });
    case BinaryOp::kRsub:
      return vectors<float>([](VecF a, VecF b) { return b - a; });
    case BinaryOp::kRdiv:
      return vectors<float>([](VecF a, VecF b) { return b / a; });
    case BinaryOp::kRpow:
      return lanes<float>([](float a, float b) { return ::powf(b, a); });
    case BinaryOp::kRemainder:
      return lanes<float>([](float a, float b) { return flooredRemainder(a, b); });
    case BinaryOp::kAtan2:
      return lanes<float>([](float a, float b) { return ::atan2f(a, b); });
    case BinaryOp::kGreaterHalf:
      return vectors<float>([](VecF a, VecF b) {
        return select(a < b, VecF{}, select(a == b, splat(0.5f), splat(1.0f)));
      });
    case BinaryOp::kCount:
      break;
  }
  __builtin_unreachable();
}

// The exponents that programs write are products and roots; others are left to powf.
BinaryFunction<float> powerFunction(float exponent) {
  if (exponent == 2.0f) return vectors<float>([](VecF a, VecF) { return a * a; });
  if (exponent == 3.0f) return vectors<float>([](VecF a, VecF) { return a * a * a; });
  if (exponent == 0.5f) return vectors<float>([](VecF a, VecF) { return squareRoot(a); });
  if (exponent == -0.5f) return vectors<float>([](VecF a, VecF) { return 1.0f / squareRoot(a); });
  if (exponent == -1.0f) return vectors<float>([](VecF a, VecF) { return 1.0f / a; });
  if (exponent == -2.0f) return vectors<float>([](VecF a, VecF) { return 1.0f / (a * a); });
  return floatFunction(BinaryOp::kPow);
}

// As JavaScript stores the quotient: truncated; by 0 gives 0; -2³¹ / -1 wraps.
int32_t quotient(int32_t a, int32_t b) {
  if (b == 0) return 0;
  return b == -1 ? static_cast<int32_t>(-static_cast<uint32_t>(a)) : a / b;
}

int32_t flooredRemainder(int32_t a, int32_t b) {
  if (b == 0 || b == -1) return 0;
  const int32_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

// Wraps; a negative exponent truncates 1 / baseⁿ.
int32_t integerPower(int32_t base, int32_t exponent) {
  if (exponent < 0) return base == 1 ? 1 : base != -1 ? 0 : exponent % 2 == 0 ? 1 : -1;
  uint32_t result = 1, square = static_cast<uint32_t>(base);
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= square;
    square *= square;
  }
  return static_cast<int32_t>(result);
}

BinaryFunction<int32_t> intFunction(BinaryOp op) {
  switch (op) {  // unsigned arithmetic wraps
    case BinaryOp::kAdd:
      return vectors<int32_t>([](VecI a, VecI b) { return VecI(VecU(a) + VecU(b)); });
    case BinaryOp::kSub:
      return vectors<int32_t>([](VecI a, VecI b) { return VecI(VecU(a) - VecU(b)); });
    case BinaryOp::kMul:
      return vectors<int32_t>([](VecI a, VecI b) { return VecI(VecU(a) * VecU(b)); });
    case BinaryOp::kDiv:
      return lanes<int32_t>([](int32_t a, int32_t b) { return quotient(a, b); });
    case BinaryOp::kMaximum:
      return vectors<int32_t>([](VecI a, VecI b) { return select(a > b, a, b); });
    case BinaryOp::kMinimum:
      return vectors<int32_t>([](VecI a, VecI b) { return select(a < b, a, b); });
    case BinaryOp::kPow:
      return lanes<int32_t>([](int32_t a, int32_t b) { return integerPower(a, b); });
    case BinaryOp::kRsub:
      return vectors<int32_t>([](VecI a, VecI b) { return VecI(VecU(b) - VecU(a)); });
    case BinaryOp::kRdiv:
      return lanes<int32_t>([](int32_t a, int32_t b) { return quotient(b, a); });
    case BinaryOp::kRpow:
      return lanes<int32_t>([](int32_t a, int32_t b) { return integerPower(b, a); });
    case BinaryOp::kRemainder:
      return lanes<int32_t>([](int32_t a, int32_t b) { return flooredRemainder(a, b); });
    case BinaryOp::kAtan2:  // TypeScript asks for it in floats only
      return {};
    case BinaryOp::kGreaterHalf:
      return vectors<int32_t>([](VecI a, VecI b) { return (a > b) & 1; });
    case BinaryOp::kCount:
      break;
  }
  __builtin_unreachable();
}

template <class T>
BinaryFunction<T> binaryFunction(BinaryOp op) {
  if constexpr (__is_same(T, float)) {
    return floatFunction(op);
  } else {
    return intFunction(op);
  }
}

// use(T{}) for the two types that have arithmetic.
template <class Use>
void withNumber(DType dtype, const Use& use) {
  if (dtype == DType::kInt32) return use(int32_t{});
  return use(float{});
}

// `[rank, ...dims, ...aStrides, ...bStrides]`
Shape<2> broadcastShape(Ints plan) {
  Shape<2> shape;
  const int64_t rank = plan[0];
  for (int64_t k = 1; k <= rank; ++k) shape.append(plan[k], {plan[rank + k], plan[2 * rank + k]});
  shape.ensureRow();
  return shape;
}

template <class T>
using CompareRow = void (*)(uint8_t* out, const T* a, int64_t aStep, const T* b, int64_t bStep,
                            int64_t n);

template <class T, class Function>
void compareRow(uint8_t* __restrict out, const T* __restrict a, int64_t aStep,
                const T* __restrict b, int64_t bStep, int64_t n) {
  constexpr Function f{};
  if (aStep == 1 && bStep == 1) {
    for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], b[i]);
  } else if (aStep == 1 && bStep == 0) {
    for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], *b);
  } else if (aStep == 0 && bStep == 1) {
    for (int64_t i = 0; i < n; ++i) out[i] = f(*a, b[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) out[i] = f(a[i * aStep], b[i * bStep]);
  }
}

template <class T, class Scalar, class Function>
void compareScalarRange(uint8_t* __restrict out, const T* __restrict a, Scalar scalar, int64_t n,
                        Function f) {
  for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], scalar);
}

// use(f) with the comparison as a function of two numbers.
template <class Use>
void withComparison(CompareOp op, const Use& use) {
  switch (op) {
    case CompareOp::kEq:
      return use([](auto a, auto b) { return a == b; });
    case CompareOp::kNe:
      return use([](auto a, auto b) { return a != b; });
    case CompareOp::kLt:
      return use([](auto a, auto b) { return a < b; });
    case CompareOp::kLe:
      return use([](auto a, auto b) { return a <= b; });
    case CompareOp::kGt:
      return use([](auto a, auto b) { return a > b; });
    case CompareOp::kGe:
      return use([](auto a, auto b) { return a >= b; });
    case CompareOp::kCount:
      return;
  }
}

}  // namespace

void binary(Context& context, AnyOut out, AnyIn a, AnyIn b, int64_t n, int64_t op) {
  withNumber(out.dtype, [&]<class T>(T) {
    const BinaryFunction<T> f = binaryFunction<T>(BinaryOp(op));
    parallelFor(context, n, grainOf(f.cost), [&](int64_t begin, int64_t end) {
      f.row(as<T>(out) + begin, as<T>(a) + begin, 1, as<T>(b) + begin, 1, end - begin);
    });
  });
}

void binaryScalar(Context& context, AnyOut out, AnyIn a, double scalar, int64_t n, int64_t op) {
  const auto run = [&]<class T>(BinaryFunction<T> f, T element) {
    parallelFor(context, n, grainOf(f.cost), [&](int64_t begin, int64_t end) {
      f.row(as<T>(out) + begin, as<T>(a) + begin, 1, &element, 0, end - begin);
    });
  };
  if (out.dtype == DType::kInt32) return run(intFunction(BinaryOp(op)), toInt32(scalar));
  const float element = static_cast<float>(scalar);
  const bool power = BinaryOp(op) == BinaryOp::kPow;
  run(power ? powerFunction(element) : floatFunction(BinaryOp(op)), element);
}

void binaryBroadcast(Context& context, AnyOut out, AnyIn a, AnyIn b, Ints plan, int64_t op) {
  const Shape<2> shape = broadcastShape(plan);
  const int64_t(&step)[2] = shape.strides[shape.rank - 1];
  withNumber(out.dtype, [&]<class T>(T) {
    const BinaryFunction<T> f = binaryFunction<T>(BinaryOp(op));
    forRows(context, shape, f.cost, [&](int64_t first, const int64_t(&offset)[2], int64_t count) {
      f.row(as<T>(out) + first, as<T>(a) + offset[0], step[0], as<T>(b) + offset[1], step[1],
            count);
    });
  });
}

void compare(Context& context, uint8_t* out, AnyIn a, AnyIn b, Ints plan, int64_t op) {
  const Shape<2> shape = broadcastShape(plan);
  const int64_t(&step)[2] = shape.strides[shape.rank - 1];
  withType(a.dtype, [&]<class T>(T) {
    CompareRow<T> row = nullptr;
    withComparison(CompareOp(op), [&]<class F>(F) { row = compareRow<T, F>; });
    forRows(context, shape, 1, [&](int64_t first, const int64_t(&offset)[2], int64_t count) {
      row(out + first, as<T>(a) + offset[0], step[0], as<T>(b) + offset[1], step[1], count);
    });
  });
}

// Floats compare with the scalar rounded to float32; integers with the scalar as it is (2.5, 300).
void compareScalar(Context& context, uint8_t* out, AnyIn a, double scalar, int64_t n, int64_t op) {
  withType(a.dtype, [&]<class T>(T) {
    withComparison(CompareOp(op), [&](auto f) {
      parallelFor(context, n, kGrain, [&](int64_t begin, int64_t end) {
        if constexpr (__is_same(T, float)) {
          compareScalarRange(out + begin, as<T>(a) + begin, static_cast<float>(scalar), end - begin,
                             f);
        } else {
          compareScalarRange(out + begin, as<T>(a) + begin, scalar, end - begin, f);
        }
      });
    });
  });
}

}  // namespace axonode::AXONODE_ISA
