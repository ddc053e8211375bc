// Winograd's minimal filtering, F(M x M, 3 x 3): M x M outputs of a 3x3 convolution from (M+2)^2
// products instead of 9 M^2. Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural
// Networks"; interpolation points 0, 1, -1, (2, -2,) infinity.
//
// Each struct has the one-dimensional transforms, in place of matrices B, A and G:
//   input   B^T d, M + 2 to M + 2        output   A^T m, M + 2 to M
//   weight  G g, 3 to M + 2              and for the weight gradient, the transposed
//   grad    A d, M to M + 2              inverse  G^T m, M + 2 to 3
#pragma once

#include "native/simd.h"

namespace axonode::AXONODE_ISA {
namespace {

template <int M>
struct Winograd;

template <>
struct Winograd<4> {
  AXONODE_INLINE void input(const VecF (&d)[6], VecF (&o)[6]) {
    const VecF t1 = d[4] - 4.0f * d[2], t2 = d[3] - 4.0f * d[1];
    const VecF t3 = d[4] - d[2], t4 = 2.0f * (d[3] - d[1]);
    const VecF first = 4.0f * d[0] + (d[4] - 5.0f * d[2]);
    const VecF last = 4.0f * d[1] + (d[5] - 5.0f * d[3]);
    o[0] = first;
    o[1] = t1 + t2;
    o[2] = t1 - t2;
    o[3] = t3 + t4;
    o[4] = t3 - t4;
    o[5] = last;
  }
  AXONODE_INLINE void output(const VecF (&m)[6], VecF (&o)[4]) {
    const VecF p = m[1] + m[2], q = m[1] - m[2], r = m[3] + m[4], s = m[3] - m[4];
    o[0] = m[0] + (p + r);
    o[1] = 2.0f * s + q;
    o[2] = 4.0f * r + p;
    o[3] = (8.0f * s + q) + m[5];
  }
  AXONODE_INLINE void grad(const VecF (&d)[4], VecF (&o)[6]) {
    const VecF e = d[0] + d[2], f = d[1] + d[3];
    const VecF g = 4.0f * d[2] + d[0], h = 2.0f * (4.0f * d[3] + d[1]);
    o[0] = d[0];
    o[1] = e + f;
    o[2] = e - f;
    o[3] = g + h;
    o[4] = g - h;
    o[5] = d[3];
  }
  AXONODE_INLINE void weight(const VecF (&g)[3], VecF (&o)[6]) {
    const VecF e = g[0] + g[2], f = 4.0f * g[2] + g[0], h = 2.0f * g[1];
    o[0] = 0.25f * g[0];
    o[1] = (-1.0f / 6) * (e + g[1]);
    o[2] = (-1.0f / 6) * (e - g[1]);
    o[3] = (1.0f / 24) * (f + h);
    o[4] = (1.0f / 24) * (f - h);
    o[5] = g[2];
  }
  AXONODE_INLINE void inverse(const VecF (&m)[6], VecF (&o)[3]) {
    const VecF p = (-1.0f / 6) * (m[1] + m[2]), q = (1.0f / 6) * (m[2] - m[1]);
    const VecF r = m[3] + m[4], s = m[3] - m[4];
    o[0] = (0.25f * m[0] + p) + (1.0f / 24) * r;
    o[1] = (1.0f / 12) * s + q;
    o[2] = ((1.0f / 6) * r + p) + m[5];
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
