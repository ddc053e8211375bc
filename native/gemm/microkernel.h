// The two register-tiled inner kernels that matrix products, convolutions and Winograd share: the
// vectors of the target's width, how large a register tile is, and how to get a kernel for a tile.
#pragma once

#include <cstdint>

#include "native/base/simd.h"

namespace axonode::AXONODE_ISA {

// A tile is kTileRows x (up to) kPanelVectors vectors: accumulators, one row of the panel and one
// broadcast value fill the registers (32 with AVX-512, else 16). An OuterTile of one vector may
// have kNarrowRows: 16 and 32 channels are common, and in tiles of 8 sums would wait for each
// other.
#if defined(__AVX512F__)
constexpr int64_t kTileRows = 14;
constexpr int64_t kNarrowRows = 16;
#else
constexpr int64_t kTileRows = 6;
constexpr int64_t kNarrowRows = 8;
#endif
constexpr int64_t kPanelVectors = 2;
// Packed operands come as panels of this many columns, the last one padded with zeros.
constexpr int64_t kPanelWidth = kLanes * kPanelVectors;

// Rows a multiple of so many bytes apart fall into few cache sets: a matrix with such rows is
// copied to a padded one rather than read in place.
constexpr int64_t kAliasBytes = 2048;

constexpr int64_t ceilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }
constexpr int64_t roundUp(int64_t a, int64_t b) { return ceilDivide(a, b) * b; }

// Rows in tiles of about equal height, the higher ones first. One division for
// all of them: tiles of short sums take hardly longer than one for each would.
class RowTiles {
 public:
  explicit RowTiles(int64_t rows, int64_t highest = kTileRows) : count_(ceilDivide(rows, highest)) {
    if (count_ == 0) return;
    height_ = rows / count_;
    higher_ = rows - height_ * count_;
  }
  int64_t count() const { return count_; }
  int64_t begin(int64_t tile) const { return tile * height_ + (tile < higher_ ? tile : higher_); }

 private:
  int64_t count_, height_ = 0, higher_ = 0;
};

// out[rowOffset[r] + j] = (accumulate ? out : 0) + bias[j] + add[rowOffset[r] + j] + sum over s, k
// of
//   a[s * segmentStride + r * rowStride + k] * panel[(s * length + k) * panelStride + j]
// and max(0, that) with relu. The sum is taken first and then added, so that long sums made of
// several tiles stay accurate.
struct RowTile {
  const float* a;
  int64_t rowStride;
  int64_t segments;
  int64_t segmentStride;
  int64_t length;
  const float* panel;
  int64_t panelStride = kPanelWidth;
  float* out;
  const int64_t* rowOffset;
  int64_t columns;    // columns of out to write, at most vectors * kLanes
  const float* bias;  // start: vectors * kLanes values, or null for zero
  bool accumulate;    // start from out instead
  const float* add;   // null for zero
  bool relu;
  const float* prefetch;  // read ahead by one cache line at each k; null for none
};

// out[r * outStride + j] = (accumulate ? out : 0) + bias[j] + sum over s, t of
//   a[s * segmentStride + t * aStride + r] * b[(s * length + t) * bStride + j]
struct OuterTile {
  const float* a;
  int64_t aStride;
  int64_t segments;
  int64_t segmentStride;
  int64_t length;
  const float* b;  // whole vectors are read
  int64_t bStride;
  float* out;
  int64_t outStride;
  int64_t columns;    // columns of out to write, at most vectors * kLanes
  const float* bias;  // vectors * kLanes values, or null
  bool accumulate;
  const float* prefetch;  // `ahead`: brought in by one cache line at each t
};

using RowKernel = void (*)(const RowTile&);
using OuterKernel = void (*)(const OuterTile&);

// rows in [1, kTileRows], or outerRows(vectors), vectors in [1, kPanelVectors]; ahead: reads
// tile.prefetch ahead, and not the rows of the tile beside.
constexpr int64_t outerRows(int64_t vectors) { return vectors == 1 ? kNarrowRows : kTileRows; }
RowKernel rowKernel(int64_t rows, int64_t vectors);
OuterKernel outerKernel(int64_t rows, int64_t vectors, bool ahead = false);

}  // namespace axonode::AXONODE_ISA
