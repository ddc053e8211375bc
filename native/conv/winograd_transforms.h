// Winograd's minimal filtering, F(M x M, 3 x 3): M x M outputs of a 3x3 convolution from (M+2)^2
// products instead of 9 M^2. Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural
// Networks". The points of interpolation decide how much rounding errors grow: 0, 1, -1 and
// infinity for M = 2, square roots of 1/2 and 2 instead of 1 and 2 for M = 4, whose errors are half
// as large on average and a quarter at worst (Barabasz et al. 2020, "Error Analysis and Improving
// the Accuracy of Winograd Convolution for Deep Neural Networks", on how points are found).
//
// Each struct has the one-dimensional transforms, in place of matrices B, A and G:
//   input   B^T d, M + 2 to M + 2        output   A^T m, M + 2 to M
//   weight  G g, 3 to M + 2              and for the weight gradient, the transposed
//   grad    A d, M to M + 2              inverse  G^T m, M + 2 to 3
#pragma once

#include "native/base/simd.h"

namespace axonode::AXONODE_ISA {
namespace {

template <int M>
struct Winograd;

template <>
struct Winograd<4> {
  // The points are 0, +-kNear, +-kFar and infinity: kNear^2 = 1/2, kFar^2 = 2.
  static constexpr float kNear = 0.70710678f, kFar = 1.41421356f;

  AXONODE_INLINE void input(const VecF (&d)[6], VecF (&o)[6]) {
    const VecF nearEven = d[4] - 2.0f * d[2], nearOdd = d[3] - 2.0f * d[1];
    const VecF farEven = d[4] - 0.5f * d[2], farOdd = d[3] - 0.5f * d[1];
    const VecF first = d[0] + (d[4] - 2.5f * d[2]);
    const VecF last = d[1] + (d[5] - 2.5f * d[3]);
    o[0] = first;
    o[1] = nearEven + kNear * nearOdd;
    o[2] = nearEven - kNear * nearOdd;
    o[3] = farEven + kFar * farOdd;
    o[4] = farEven - kFar * farOdd;
    o[5] = last;
  }
  AXONODE_INLINE void output(const VecF (&m)[6], VecF (&o)[4]) {
    const VecF p = m[1] + m[2], q = m[1] - m[2], r = m[3] + m[4], s = m[3] - m[4];
    o[0] = (m[0] + 2.0f * p) + 0.5f * r;
    o[1] = kFar * q + kNear * s;
    o[2] = p + r;
    o[3] = kNear * q + (kFar * s + m[5]);
  }
  AXONODE_INLINE void grad(const VecF (&d)[4], VecF (&o)[6]) {
    const VecF nearEven = 2.0f * d[0] + d[2], nearOdd = 2.0f * d[1] + d[3];
    const VecF farEven = 0.5f * d[0] + d[2], farOdd = 0.5f * d[1] + d[3];
    o[0] = d[0];
    o[1] = nearEven + kNear * nearOdd;
    o[2] = nearEven - kNear * nearOdd;
    o[3] = farEven + kFar * farOdd;
    o[4] = farEven - kFar * farOdd;
    o[5] = d[3];
  }
  AXONODE_INLINE void weight(const VecF (&g)[3], VecF (&o)[6]) {
    const VecF nearEven = (-1.0f / 3) * g[0] - (1.0f / 6) * g[2];
    const VecF farEven = (1.0f / 3) * g[0] + (2.0f / 3) * g[2];
    o[0] = g[0];
    o[1] = nearEven - (kNear / 3) * g[1];
    o[2] = nearEven + (kNear / 3) * g[1];
    o[3] = farEven + (kFar / 3) * g[1];
    o[4] = farEven - (kFar / 3) * g[1];
    o[5] = g[2];
  }
  AXONODE_INLINE void inverse(const VecF (&m)[6], VecF (&o)[3]) {
    const VecF p = m[1] + m[2], q = m[1] - m[2], r = m[3] + m[4], s = m[3] - m[4];
    o[0] = (m[0] - (1.0f / 3) * p) + (1.0f / 3) * r;
    o[1] = (kFar / 3) * s - (kNear / 3) * q;
    o[2] = (2.0f / 3) * r + (m[5] - (1.0f / 6) * p);
  }
};

template <>
struct Winograd<2> {
  AXONODE_INLINE void input(const VecF (&d)[4], VecF (&o)[4]) {
    const VecF first = d[0] - d[2], second = d[1] + d[2], third = d[2] - d[1];
    o[3] = d[1] - d[3];
    o[0] = first;
    o[1] = second;
    o[2] = third;
  }
  AXONODE_INLINE void output(const VecF (&m)[4], VecF (&o)[2]) {
    o[0] = m[0] + (m[1] + m[2]);
    o[1] = (m[1] - m[2]) - m[3];
  }
  AXONODE_INLINE void grad(const VecF (&d)[2], VecF (&o)[4]) {
    o[0] = d[0];
    o[1] = d[0] + d[1];
    o[2] = d[0] - d[1];
    o[3] = -d[1];
  }
  AXONODE_INLINE void weight(const VecF (&g)[3], VecF (&o)[4]) {
    const VecF e = 0.5f * (g[0] + g[2]), h = 0.5f * g[1];
    o[0] = g[0];
    o[1] = e + h;
    o[2] = e - h;
    o[3] = g[2];
  }
  AXONODE_INLINE void inverse(const VecF (&m)[4], VecF (&o)[3]) {
    const VecF p = 0.5f * (m[1] + m[2]);
    o[0] = m[0] + p;
    o[1] = 0.5f * (m[1] - m[2]);
    o[2] = m[3] + p;
  }
};

}  // namespace
}  // namespace axonode::AXONODE_ISA
