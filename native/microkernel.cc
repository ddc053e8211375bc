#include "native/microkernel.h"

#include "native/simd.h"

namespace axonode::AXONODE_ISA {
namespace {

// The last columns of a matrix do not fill a vector: they go through a copy.
void writeTail(const float* row, int64_t columns, bool accumulate, float* out) {
  for (int64_t j = 0; j < columns; j++) out[j] = accumulate ? out[j] + row[j] : row[j];
}

// A row of a tile.
template <int Vectors>
AXONODE_INLINE void writeRow(VecF (&sum)[Vectors], float* out, int64_t columns, bool accumulate) {
  if (columns != Vectors * kLanes) {
    float copy[Vectors * kLanes];
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; j++) store(copy + j * kLanes, sum[j]);
    writeTail(copy, columns, accumulate, out);
    return;
  }
#pragma GCC unroll 2
  for (int j = 0; j < Vectors; j++) {
    if (accumulate) sum[j] += load(out + j * kLanes);
    store(out + j * kLanes, sum[j]);
  }
}

template <int Rows, int Vectors>
AXONODE_INLINE void startSums(VecF (&sum)[Rows][Vectors], const float* bias) {
#pragma GCC unroll 2
  for (int j = 0; j < Vectors; j++) {
    const VecF start = bias ? load(bias + j * kLanes) : VecF{};
#pragma GCC unroll 16
    for (int r = 0; r < Rows; r++) sum[r][j] = start;
  }
}

template <int Rows, int Vectors>
void rowTile(const RowTile& tile) {
  const int64_t rowStride = tile.rowStride, panelStride = tile.panelStride;
  VecF sum[Rows][Vectors];
  startSums(sum, tile.bias);
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
      panel += panelStride;
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

#pragma GCC unroll 16
  for (int r = 0; r < Rows; r++) {
    writeRow(sum[r], tile.out + tile.rowOffset[r], tile.columns, tile.accumulate);
  }
}

template <int Rows, int Vectors>
void outerTile(const OuterTile& tile) {
  const int64_t aStride = tile.aStride, bStride = tile.bStride;
  VecF sum[Rows][Vectors];
  startSums(sum, tile.bias);
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
    writeRow(sum[r], tile.out + r * tile.outStride, tile.columns, tile.accumulate);
  }
}

#if defined(__AVX512F__)
#define AXONODE_TILES(kernel, vectors)                                                     \
  {                                                                                        \
    kernel<1, vectors>, kernel<2, vectors>, kernel<3, vectors>, kernel<4, vectors>,        \
        kernel<5, vectors>, kernel<6, vectors>, kernel<7, vectors>, kernel<8, vectors>,    \
        kernel<9, vectors>, kernel<10, vectors>, kernel<11, vectors>, kernel<12, vectors>, \
        kernel<13, vectors>, kernel<14, vectors>                                           \
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
