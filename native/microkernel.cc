#include "native/microkernel.h"

#include "native/simd.h"

namespace axonode::AXONODE_ISA {
namespace {

// The last columns of a matrix do not fill a vector: the tile goes through this copy.
void writeTail(const float* tile, int64_t rows, int64_t width, const RowTile& t) {
  for (int64_t r = 0; r < rows; r++) {
    float* out = t.out + t.rowOffset[r];
    const float* row = tile + r * width;
    if (t.accumulate) {
      for (int64_t j = 0; j < t.columns; j++) out[j] += row[j];
    } else {
      for (int64_t j = 0; j < t.columns; j++) out[j] = row[j];
    }
  }
}

template <int Rows, int Vectors>
void rowTile(const RowTile& tile) {
  constexpr int64_t width = Vectors * kLanes;
  const int64_t rowStride = tile.rowStride;
  const bool whole = tile.columns == width;
  VecF sum[Rows][Vectors];
  if (tile.accumulate && whole) {
#pragma GCC unroll 16
    for (int r = 0; r < Rows; r++) {
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; j++) {
        sum[r][j] = load(tile.out + tile.rowOffset[r] + j * kLanes);
      }
    }
  } else {
    VecF start[Vectors];
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; j++) {
      start[j] = tile.bias && !tile.accumulate ? load(tile.bias + j * kLanes) : VecF{};
    }
#pragma GCC unroll 16
    for (int r = 0; r < Rows; r++) {
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; j++) sum[r][j] = start[j];
    }
  }

  const float* panel = tile.panel;
  // Without a target the same line is touched again and again, which costs nothing.
  const char* ahead = reinterpret_cast<const char*>(tile.prefetch ? tile.prefetch : tile.panel);
  const int64_t aheadStep = tile.prefetch ? 64 : 0;
  for (int64_t s = 0; s < tile.segments; s++) {
    const float* a = tile.a + s * tile.segmentStride;
    for (int64_t k = 0; k < tile.length; k++) {
      VecF b[Vectors];
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; j++) b[j] = load(panel + j * kLanes);
      panel += kPanelWidth;
      __builtin_prefetch(ahead, 0, 3);
      ahead += aheadStep;
#pragma GCC unroll 16
      for (int r = 0; r < Rows; r++) {
        const VecF value = splat(a[r * rowStride + k]);
#pragma GCC unroll 2
        for (int j = 0; j < Vectors; j++) sum[r][j] += value * b[j];
      }
    }
  }

  if (!whole) {
    float copy[Rows * width];
#pragma GCC unroll 16
    for (int r = 0; r < Rows; r++) {
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; j++) store(copy + r * width + j * kLanes, sum[r][j]);
    }
    writeTail(copy, Rows, width, tile);
    return;
  }
#pragma GCC unroll 16
  for (int r = 0; r < Rows; r++) {
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; j++) {
      store(tile.out + tile.rowOffset[r] + j * kLanes, sum[r][j]);
    }
  }
}

template <int Rows, int Vectors>
void outerTile(const OuterTile& tile) {
  const int64_t aStride = tile.aStride, bStride = tile.bStride;
  VecF sum[Rows][Vectors];
#pragma GCC unroll 16
  for (int r = 0; r < Rows; r++) {
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; j++) {
      sum[r][j] = tile.accumulate ? load(tile.out + r * tile.outStride + j * kLanes) : VecF{};
    }
  }
  const float* b = tile.b;
  for (int64_t s = 0; s < tile.segments; s++) {
    const float* a = tile.a + s * tile.segmentStride;
    for (int64_t t = 0; t < tile.length; t++) {
      VecF row[Vectors];
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; j++) row[j] = load(b + j * kLanes);
      b += bStride;
#pragma GCC unroll 16
      for (int r = 0; r < Rows; r++) {
        const VecF value = splat(a[r]);
#pragma GCC unroll 2
        for (int j = 0; j < Vectors; j++) sum[r][j] += value * row[j];
      }
      a += aStride;
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < Rows; r++) {
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; j++) store(tile.out + r * tile.outStride + j * kLanes, sum[r][j]);
  }
}

#if defined(__AVX512F__)
#define AXONODE_TILES(kernel, vectors)                                                         \
  {                                                                                            \
    kernel<1, vectors>, kernel<2, vectors>, kernel<3, vectors>, kernel<4, vectors>,            \
        kernel<5, vectors>, kernel<6, vectors>, kernel<7, vectors>, kernel<8, vectors>,        \
        kernel<9, vectors>, kernel<10, vectors>, kernel<11, vectors>, kernel<12, vectors>,     \
        kernel<13, vectors>, kernel<14, vectors>                                               \
  }
#else
#define AXONODE_TILES(kernel, vectors)                                              \
  {                                                                                 \
    kernel<1, vectors>, kernel<2, vectors>, kernel<3, vectors>, kernel<4, vectors>, \
        kernel<5, vectors>, kernel<6, vectors>                                      \
  }
#endif
constexpr RowKernel rowKernels[kPanelVectors][kTileRows] = {AXONODE_TILES(rowTile, 1),
                                                          AXONODE_TILES(rowTile, 2)};
constexpr OuterKernel outerKernels[kPanelVectors][kTileRows] = {AXONODE_TILES(outerTile, 1),
                                                              AXONODE_TILES(outerTile, 2)};
#undef AXONODE_TILES

}  // namespace

RowKernel rowKernel(int64_t rows, int64_t vectors) { return rowKernels[vectors - 1][rows - 1]; }
OuterKernel outerKernel(int64_t rows, int64_t vectors) {
  return outerKernels[vectors - 1][rows - 1];
}

}  // namespace axonode::AXONODE_ISA
