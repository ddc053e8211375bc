#include "native/gemm/microkernel.h"

#include <array>
#include <cstddef>
#include <utility>

#include "native/base/simd.h"

namespace axonode::AXONODE_ISA {
namespace {

// What becomes of a row of sums before it is written.
struct Finish {
  bool accumulate;
  const float* add;  // of this row, or null
  bool relu;
};

// The last columns of a matrix do not fill a vector: they go through a copy.
void writeTail(const float* row, int64_t columns, const Finish& finish, float* out) {
  for (int64_t j = 0; j < columns; j++) {
    float value = row[j];
    if (finish.accumulate) value += out[j];
    if (finish.add) value += finish.add[j];
    out[j] = finish.relu && value < 0 ? 0 : value;
  }
}

// A row of a tile.
template <int Vectors>
AXONODE_INLINE void writeRow(VecF (&sum)[Vectors], float* out, int64_t columns,
                             const Finish& finish) {
  if (columns != Vectors * kLanes) {
    float copy[Vectors * kLanes];
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; j++) store(copy + j * kLanes, sum[j]);
    writeTail(copy, columns, finish, out);
    return;
  }
#pragma GCC unroll 2
  for (int j = 0; j < Vectors; j++) {
    if (finish.accumulate) sum[j] += load(out + j * kLanes);
    if (finish.add) sum[j] += load(finish.add + j * kLanes);
    if (finish.relu) sum[j] = maxOrSecond(VecF{}, sum[j]);
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
  // Five rows are reached from one pointer, by multiples of the stride that addresses can have (0
  // to 4 with a register for three times): more pointers than registers would be reloaded at each
  // step.
  constexpr int kReach = 5, kPointers = (Rows + kReach - 1) / kReach;
  for (int64_t s = 0; s < tile.segments; s++) {
    const float* a[kPointers];
#pragma GCC unroll 3
    for (int i = 0; i < kPointers; i++) {
      a[i] = tile.a + s * tile.segmentStride + i * kReach * rowStride;
    }
#pragma GCC unroll 2
    for (int64_t k = 0; k < tile.length; k++) {
      VecF b[Vectors];
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; j++) b[j] = load(panel + j * kLanes);
      panel += panelStride;
      __builtin_prefetch(ahead, 0, 3);
      ahead += aheadStep;
#pragma GCC unroll 16
      for (int r = 0; r < Rows; r++) {
        const VecF value = splat(a[r / kReach][r % kReach * rowStride]);
#pragma GCC unroll 2
        for (int j = 0; j < Vectors; j++) sum[r][j] += value * b[j];
      }
#pragma GCC unroll 3
      for (int i = 0; i < kPointers; i++) a[i]++;
    }
  }

  // Most tiles are written as they are. Asked once, since tiles of short sums take hardly longer
  // than these questions for each of their rows would.
  if (tile.columns == Vectors * kLanes && !tile.accumulate && !tile.add && !tile.relu) {
#pragma GCC unroll 16
    for (int r = 0; r < Rows; r++) {
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; j++) {
        store(tile.out + tile.rowOffset[r] + j * kLanes, sum[r][j]);
      }
    }
    return;
  }
#pragma GCC unroll 16
  for (int r = 0; r < Rows; r++) {
    const int64_t at = tile.rowOffset[r];
    const Finish finish{tile.accumulate, tile.add ? tile.add + at : nullptr, tile.relu};
    writeRow(sum[r], tile.out + at, tile.columns, finish);
  }
}

template <int Rows, int Vectors, bool Ahead>
void outerTile(const OuterTile& tile) {
  const int64_t aStride = tile.aStride, bStride = tile.bStride;
  VecF sum[Rows][Vectors];
  startSums(sum, tile.bias);
  const float *b = tile.b, *ahead = tile.prefetch;
  for (int64_t s = 0; s < tile.segments; s++) {
    const float* a = tile.a + s * tile.segmentStride;
#pragma GCC unroll 2
    for (int64_t t = 0; t < tile.length; t++) {
      VecF row[Vectors];
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; j++) row[j] = load(b + j * kLanes);
      b += bStride;
      if constexpr (Ahead) {
        __builtin_prefetch(ahead, 0, 2);
        ahead += 16;
      } else if constexpr (Vectors > 1) {
        // What the tile beside this one will read: rows lie too far apart to be read ahead
        // otherwise.
        __builtin_prefetch(a + 2 * Rows - 1);
      }
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
    writeRow(sum[r], tile.out + r * tile.outStride, tile.columns,
             {tile.accumulate, nullptr, false});
  }
}

// Kernels of 1, 2, ... rows.
template <int Vectors, int... Less>
constexpr auto rowTiles(std::integer_sequence<int, Less...>) {
  return std::array{RowKernel{rowTile<Less + 1, Vectors>}...};
}
template <int Vectors, bool Ahead, int... Less>
constexpr auto outerTiles(std::integer_sequence<int, Less...>) {
  return std::array{OuterKernel{outerTile<Less + 1, Vectors, Ahead>}...};
}
using Heights = std::make_integer_sequence<int, kTileRows>;
using NarrowHeights = std::make_integer_sequence<int, kNarrowRows>;
constexpr auto narrowRowTiles = rowTiles<1>(Heights{});
constexpr auto wideRowTiles = rowTiles<2>(Heights{});
constexpr auto narrowOuterTiles = outerTiles<1, false>(NarrowHeights{});
constexpr auto wideOuterTiles = outerTiles<2, false>(Heights{});
constexpr auto narrowAheadTiles = outerTiles<1, true>(NarrowHeights{});
constexpr auto wideAheadTiles = outerTiles<2, true>(Heights{});

}  // namespace

RowKernel rowKernel(int64_t rows, int64_t vectors) {
  const auto index = static_cast<size_t>(rows - 1);
  return vectors == 1 ? narrowRowTiles[index] : wideRowTiles[index];
}
OuterKernel outerKernel(int64_t rows, int64_t vectors, bool ahead) {
  const auto index = static_cast<size_t>(rows - 1);
  if (vectors == 1) return ahead ? narrowAheadTiles[index] : narrowOuterTiles[index];
  return ahead ? wideAheadTiles[index] : wideOuterTiles[index];
}

}  // namespace axonode::AXONODE_ISA
