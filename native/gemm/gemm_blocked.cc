#include "native/gemm/gemm_blocked.h"

#include "native/base/tile_transpose.h"
#include "native/gemm/panels.h"

namespace axonode::AXONODE_ISA {
namespace {

// A block of b is shared by all threads and read from the last-level cache; a block of a is copied
// to the second-level one.
constexpr int64_t kPackedFloats = 2 << 20;
constexpr int64_t kCopyFloats = 128 * 1024;

// A block of a: its element (row, k) is data[row * rowStride + k]; transposed data[k * rowStride +
// row], or in tiles, each data[begin * depth + k * height + row - begin].
struct Left {
  const float* data;
  int64_t rowStride;
  bool tiled;
};

// Tile after tile of a transposed block, so that a kernel reads its rows in one go.
void packTiles(const Product& p, const float* source, int64_t rows, int64_t depth, int64_t readable,
               float* to) {
  const RowTiles tiles(rows);
  for (int64_t i = 0; i < tiles.count(); i++) {
    const int64_t begin = tiles.begin(i), height = tiles.begin(i + 1) - begin;
    const float* line = source + begin;
    if (height <= kLanes && begin + kLanes <= readable) {
      // Whole vectors: what is too much is overwritten by the next line.
      for (int64_t k = 0; k < depth; k++, line += p.m, to += height) store(to, load(line));
    } else {
      for (int64_t k = 0; k < depth; k++, line += p.m, to += height) copyFloats(to, line, height);
    }
  }
}

Left openLeft(const Product& p, const BlockedPlan& plan, const float* a, int64_t row, int64_t rows,
              int64_t k0, int64_t depth, float* copy) {
  const int64_t stride = p.transA ? p.m : p.k;
  const float* source = p.transA ? a + k0 * stride + row : a + row * stride + k0;
  if (!plan.copied) return {source, stride, false};
  if (p.transA) {
    packTiles(p, source, rows, depth, p.m - row, copy);
    return {copy, 0, true};
  }
  const int64_t copyStride = roundUp(depth, 16) + 16;
  for (int64_t i = 0; i < rows; i++) copyFloats(copy + i * copyStride, source + i * stride, depth);
  return {copy, copyStride, false};
}

struct Right {
  const float* panel;
  int64_t stride;
};

// c's rows x columns (+)= left * right, in tiles of about equal height.
void multiplyBlock(const Product& p, const Left& left, const Right& right, int64_t rows,
                   int64_t depth, int64_t columns, float* c, const float* bias, bool accumulate) {
  const RowTiles tiles(rows);
  const int64_t vectors = ceilDivide(columns, kLanes);
  int64_t offsets[kTileRows];
  for (int64_t r = 0; r < kTileRows; r++) offsets[r] = r * p.n;
  for (int64_t i = 0; i < tiles.count(); i++) {
    const int64_t begin = tiles.begin(i), end = tiles.begin(i + 1);
    if (p.transA) {
      OuterTile t{};
      t.a = left.data + (left.tiled ? begin * depth : begin);
      t.aStride = left.tiled ? end - begin : left.rowStride;
      t.segments = 1;
      t.length = depth;
      t.b = right.panel;
      t.bStride = right.stride;
      t.out = c + begin * p.n;
      t.outStride = p.n;
      t.columns = columns;
      t.bias = bias;
      t.accumulate = accumulate;
      outerKernel(end - begin, vectors)(t);
    } else {
      RowTile t{};
      t.a = left.data + begin * left.rowStride;
      t.rowStride = left.rowStride;
      t.segments = 1;
      t.length = depth;
      t.panel = right.panel;
      t.panelStride = right.stride;
      t.out = c + begin * p.n;
      t.rowOffset = offsets;
      t.columns = columns;
      t.bias = bias;
      t.accumulate = accumulate;
      rowKernel(end - begin, vectors)(t);
    }
  }
}

}  // namespace

BlockedPlan planBlocked(const Product& p) {
  BlockedPlan plan{};
  // With few rows packing b costs more than it gains; vectors must not reach past its last row.
  plan.packed = p.transB || p.m > 2 * kTileRows || p.n % kLanes != 0;
  plan.depthBlock = ceilDivide(p.k, ceilDivide(p.k, 512));
  const int64_t columns = roundUp(p.n, kPanelWidth);
  plan.columnBlock = smaller(columns, kPackedFloats / plan.depthBlock / kPanelWidth * kPanelWidth);
  plan.rowBlock = smaller(roundUp(p.m, kTileRows), 16 * kTileRows);
  // Lines of a transposed matrix lie far apart, so tiles are brought together before they are read
  // again and again; other rows are copied when they would fall into few cache sets.
  plan.copied = (p.transA || p.k * 4 % kAliasBytes == 0) && p.n > 2 * kPanelWidth && p.m > 4;
  if (plan.copied) {
    const int64_t fitting = kCopyFloats / (plan.depthBlock + 32) - 32;
    plan.rowBlock = smaller(plan.rowBlock, larger(kTileRows, fitting / kTileRows * kTileRows));
    plan.copyFloats = p.transA ? roundUp(plan.rowBlock * plan.depthBlock + kLanes, 16)
                               : plan.rowBlock * (roundUp(plan.depthBlock, 16) + 16);
  }
  plan.panelFloats = plan.packed ? roundUp(plan.depthBlock * plan.columnBlock, 16) : 0;
  return plan;
}

void runBlocked(const Product& p, const BlockedPlan& plan, float* c, const float* a, const float* b,
                float* scratch, int64_t thread, int64_t threads) {
  float* copy = scratch + plan.panelFloats + thread * plan.copyFloats;
  const PanelSource source{b, p.transB ? p.k : p.n, p.transB};
  // Of equal height, since threads share them out by number.
  const int64_t rowBlocks = ceilDivide(p.m, plan.rowBlock);
  const auto blockBegin = [&](int64_t block) { return p.m * block / rowBlocks; };
  for (int64_t n0 = 0; n0 < p.n; n0 += plan.columnBlock) {
    const int64_t n1 = smaller(p.n, n0 + plan.columnBlock);
    const int64_t panels = ceilDivide(n1 - n0, kPanelWidth);
    for (int64_t k0 = 0; k0 < p.k; k0 += plan.depthBlock) {
      const int64_t depth = smaller(plan.depthBlock, p.k - k0);
      if (plan.packed) {
        for (int64_t i = panels * thread / threads; i < panels * (thread + 1) / threads; i++) {
          const int64_t column = n0 + i * kPanelWidth;
          packPanel(source, k0, k0 + depth, column, smaller(kPanelWidth, n1 - column),
                    scratch + i * kPanelWidth * depth);
        }
        if (threads > 1) {
#pragma omp barrier
        }
      }
      // Units are runs of panels of one row block, so that every thread gets an equal share.
      const int64_t units = rowBlocks * panels;
      int64_t unit = units * thread / threads;
      const int64_t last = units * (thread + 1) / threads;
      while (unit < last) {
        const int64_t row = blockBegin(unit / panels);
        const int64_t rows = blockBegin(unit / panels + 1) - row;
        const int64_t runEnd = smaller(last, (unit / panels + 1) * panels);
        const Left left = openLeft(p, plan, a, row, rows, k0, depth, copy);
        for (; unit < runEnd; unit++) {
          const int64_t panel = unit % panels, column = n0 + panel * kPanelWidth;
          const Right right = plan.packed
                                  ? Right{scratch + panel * kPanelWidth * depth, kPanelWidth}
                                  : Right{b + k0 * p.n + column, p.n};
          const int64_t columns = smaller(kPanelWidth, n1 - column);
          float bias[kPanelWidth];
          if (p.bias && k0 == 0) copyPanelRow(bias, p.bias + column, columns);
          multiplyBlock(p, left, right, rows, depth, columns, c + row * p.n + column,
                        p.bias && k0 == 0 ? bias : nullptr, p.accumulate || k0 > 0);
        }
      }
      if (plan.packed && threads > 1) {
#pragma omp barrier
      }
    }
  }
}

}  // namespace axonode::AXONODE_ISA
