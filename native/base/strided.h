// Walking several strided arrays over common dims, row by row.
#pragma once

#include "native/base/parallel.h"
#include "native/base/simd.h"

namespace axonode::AXONODE_ISA {

constexpr int kMaxRank = 8;

// Dims, outermost first, and for each array its stride per dim, in elements. Dims of one element
// are dropped and neighbours that lie evenly in all arrays merged as they are added, so that rows
// (the last dim) are as long as they can be.
template <int kArrays>
struct Shape {
  int rank = 0;
  int64_t dims[kMaxRank];
  int64_t strides[kMaxRank][kArrays];

  void append(int64_t dim, const int64_t (&stride)[kArrays]) {
    if (dim == 1) return;
    bool merges = rank > 0;
    for (int k = 0; k < kArrays && merges; ++k) {
      merges = strides[rank - 1][k] == dim * stride[k];
    }
    if (merges) {
      dims[rank - 1] *= dim;
    } else {
      dims[rank++] = dim;
    }
    for (int k = 0; k < kArrays; ++k) strides[rank - 1][k] = stride[k];
  }

  // Gives a shape without dims, a single element, its row.
  void ensureRow() {
    if (rank > 0) return;
    rank = 1;
    dims[0] = 1;
    for (int k = 0; k < kArrays; ++k) strides[0][k] = 0;
  }

  void swapDims(int a, int b) {
    const int64_t dim = dims[a];
    dims[a] = dims[b];
    dims[b] = dim;
    for (int k = 0; k < kArrays; ++k) {
      const int64_t stride = strides[a][k];
      strides[a][k] = strides[b][k];
      strides[b][k] = stride;
    }
  }

  // Elements of the first `count` dims.
  int64_t product(int count) const {
    int64_t n = 1;
    for (int d = 0; d < count; ++d) n *= dims[d];
    return n;
  }
};

// A position in the first `outer` dims of a shape: the offset of each array there.
template <int kArrays>
class Walk {
 public:
  int64_t offset[kArrays] = {};

  // Starts at the position with the row-major number `index`.
  Walk(const Shape<kArrays>& shape, int outer, int64_t index) : shape_(shape), outer_(outer) {
    for (int d = outer - 1; d >= 0; --d) {
      at_[d] = index % shape.dims[d];
      index /= shape.dims[d];
      for (int k = 0; k < kArrays; ++k) offset[k] += at_[d] * shape.strides[d][k];
    }
  }

  void next() {
    for (int d = outer_ - 1; d >= 0; --d) {
      const int64_t(&stride)[kArrays] = shape_.strides[d];
      if (++at_[d] < shape_.dims[d]) {
        for (int k = 0; k < kArrays; ++k) offset[k] += stride[k];
        return;
      }
      for (int k = 0; k < kArrays; ++k) offset[k] -= stride[k] * (shape_.dims[d] - 1);
      at_[d] = 0;
    }
  }

 private:
  const Shape<kArrays>& shape_;
  int outer_;
  int64_t at_[kMaxRank] = {};
};

// row(first, offset, count) on all threads, for each row or, of long rows, each piece: `first`
// counts the elements before it in row-major order, offset[k] is where it begins in array k,
// `count` is its length.
template <int kArrays, class Row>
static inline void forRows(const Context& context, const Shape<kArrays>& shape, int64_t cost,
                           const Row& row) {
  constexpr int64_t kPiece = 16384;
  const int outer = shape.rank - 1;
  const int64_t n = shape.dims[outer];
  const int64_t(&step)[kArrays] = shape.strides[outer];
  const int64_t pieces = (n + kPiece - 1) / kPiece;
  const int64_t units = shape.product(outer) * pieces;
  parallelFor(context, units, grainOf(smaller(n, kPiece) * cost), [&](int64_t begin, int64_t end) {
    Walk<kArrays> walk(shape, outer, begin / pieces);
    if (pieces == 1) {
      for (int64_t unit = begin; unit < end; ++unit, walk.next()) row(unit * n, walk.offset, n);
      return;
    }
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t start = unit % pieces * kPiece;
      int64_t offset[kArrays];
      for (int k = 0; k < kArrays; ++k) offset[k] = walk.offset[k] + start * step[k];
      row(unit / pieces * n + start, offset, smaller(kPiece, n - start));
      if (unit % pieces == pieces - 1) walk.next();
    }
  });
}

}  // namespace axonode::AXONODE_ISA
