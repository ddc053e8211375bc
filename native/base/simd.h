// Vectors of the instruction set being compiled, by GCC's and Clang's vector extensions: arithmetic
// and comparisons are the language's own operators (a comparison gives -1 or 0 per lane), no
// intrinsics.
//
// Everything here has internal linkage. A weak symbol with AVX-512 code in it could be the one copy
// that the linker keeps for all instruction sets.
#pragma once

#include <cstdint>

namespace axonode::AXONODE_ISA {

#define AXONODE_INLINE static inline __attribute__((always_inline))
#define AXONODE_INLINE_MEMBER inline __attribute__((always_inline))

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

constexpr int kLanes = kVectorBytes / 4;

typedef float VecF __attribute__((vector_size(kVectorBytes)));
typedef int32_t VecI __attribute__((vector_size(kVectorBytes)));
typedef uint32_t VecU __attribute__((vector_size(kVectorBytes)));

template <class T>
struct VectorOf;
#define AXONODE_VECTOR_OF(Element, Vector)                               \
  template <>                                                            \
  struct VectorOf<Element> {                                             \
    using Type = Vector;                                                 \
    typedef Vector Unaligned __attribute__((aligned(alignof(Element)))); \
  };
AXONODE_VECTOR_OF(float, VecF)
AXONODE_VECTOR_OF(int32_t, VecI)
AXONODE_VECTOR_OF(uint32_t, VecU)
#undef AXONODE_VECTOR_OF
template <class T>
using Vec = typename VectorOf<T>::Type;

// A reinterpretation of the bits.
template <class To, class From>
AXONODE_INLINE To bitCast(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  __builtin_memcpy(&to, &from, sizeof(to));
  return to;
}

template <class T>
AXONODE_INLINE T smaller(T a, T b) {
  return b < a ? b : a;
}
template <class T>
AXONODE_INLINE T larger(T a, T b) {
  return a < b ? b : a;
}

template <class T>
AXONODE_INLINE Vec<T> splat(T value) {
  return value - Vec<T>{};
}

// Loads and stores need no alignment beyond the element's.
template <class T>
AXONODE_INLINE Vec<T> load(const T* p) {
  return *reinterpret_cast<const typename VectorOf<T>::Unaligned*>(p);
}
template <class T>
AXONODE_INLINE void store(T* p, Vec<T> v) {
  *reinterpret_cast<typename VectorOf<T>::Unaligned*>(p) = v;
}

// The first count < kLanes elements at p; the other lanes are `rest`. With AVX2 and AVX-512, the
// compiler makes these loops masked moves.
template <class T>
AXONODE_INLINE Vec<T> loadPartial(const T* p, int64_t count, T rest = 0) {
  const int n = static_cast<int>(count);
  alignas(kVectorBytes) T lanes[kLanes];
  for (int i = 0; i < kLanes; ++i) lanes[i] = i < n ? p[i] : rest;
  return load(lanes);
}
template <class T>
AXONODE_INLINE void storePartial(T* __restrict p, Vec<T> v, int64_t count) {
  const int n = static_cast<int>(count);
  alignas(kVectorBytes) T lanes[kLanes];
  store(lanes, v);
  for (int i = 0; i < kLanes; ++i) {
    if (i < n) p[i] = lanes[i];
  }
}

// mask ? a : b, lane by lane; a mask lane is -1 or 0, as comparisons give.
AXONODE_INLINE VecF select(VecI mask, VecF a, VecF b) { return mask ? a : b; }
AXONODE_INLINE VecI select(VecI mask, VecI a, VecI b) { return mask ? a : b; }

// a > b ? a : b, one instruction; b where either is NaN.
AXONODE_INLINE VecF maxOrSecond(VecF a, VecF b) { return a > b ? a : b; }
AXONODE_INLINE VecF minOrSecond(VecF a, VecF b) { return a < b ? a : b; }

AXONODE_INLINE VecF toFloat(VecI v) { return __builtin_convertvector(v, VecF); }

// Becomes one instruction.
AXONODE_INLINE VecF squareRoot(VecF v) {
  alignas(kVectorBytes) float lanes[kLanes];
  store(lanes, v);
  for (int i = 0; i < kLanes; ++i) lanes[i] = __builtin_sqrtf(lanes[i]);
  return load(lanes);
}

template <int... lane>
struct LaneNumbers {};
#if defined(__AVX512F__)
using AllLanes = LaneNumbers<0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15>;
#elif defined(__AVX__)
using AllLanes = LaneNumbers<0, 1, 2, 3, 4, 5, 6, 7>;
#else
using AllLanes = LaneNumbers<0, 1, 2, 3>;
#endif

template <int kBy, class Vector, int... lane>
AXONODE_INLINE Vector rotateLanes(Vector v, LaneNumbers<lane...>) {
  return __builtin_shufflevector(v, v, ((lane + kBy) % kLanes)...);
}

// combine() over all lanes, in every lane, as a tree.
template <class Vector, class Combine>
AXONODE_INLINE Vector foldLanes(Vector v, const Combine& combine) {
  if constexpr (kLanes > 8) v = combine(v, rotateLanes<8>(v, AllLanes{}));
  if constexpr (kLanes > 4) v = combine(v, rotateLanes<4>(v, AllLanes{}));
  v = combine(v, rotateLanes<2>(v, AllLanes{}));
  return combine(v, rotateLanes<1>(v, AllLanes{}));
}

AXONODE_INLINE float sumLanes(VecF v) {
  return foldLanes(v, [](VecF a, VecF b) { return a + b; })[0];
}

}  // namespace axonode::AXONODE_ISA
