#include "native/conv_outer.h"

#include "native/conv_layout.h"
#include "native/tile_transpose.h"

namespace axonode::AXONODE_ISA {
namespace {

// A block of windows stays in the second-level cache; a panel of dy for its points in the first.
constexpr int64_t kBlockFloats = 96 * 1024;
constexpr int64_t kBlockPoints = 128;

}  // namespace

int64_t OuterPlan::scratchFloats(int64_t threads) const {
  return threads * (panelFloats + imageFloats) + (splitPoints ? threads : 1) * sumFloats;
}

OuterPlan planOuter(const GatherProduct& p, int64_t threads) {
  OuterPlan plan{};
  const int64_t depth = p.depth(), points = p.points();
  const int64_t gridHeight = p.rows.gridSize, gridWidth = p.cols.gridSize;
  const bool oneByOne = p.rows.isIdentity() && p.cols.isIdentity();
  const bool alias = p.inPixel * 4 % kAliasBytes == 0;
  plan.inPlace = oneByOne && !(alias && p.outputs >= 128);
  plan.splitPoints = depth * p.outputs <= 256 * 1024 || depth < 4 * kTileRows;
  plan.paddedRows =
      plan.splitPoints && points > 0 && !oneByOne && p.cols.tapStep == 1 &&
      (p.channels < 16 || (p.outputs <= 192 && gridWidth >= 10 && p.cols.taps >= p.cols.gridStep));
  if (plan.paddedRows) {
    plan.blockRows =
        larger<int64_t>(1, smaller(gridHeight, 2 * kBlockPoints / larger<int64_t>(1, gridWidth)));
    plan.blockRows =
        ceilDivide(gridHeight, larger<int64_t>(1, ceilDivide(gridHeight, plan.blockRows)));
    plan.blockPoints = plan.blockRows * gridWidth;
    plan.imageFloats = roundUp(paddedRowsFloats(p, plan.blockRows), 16);
  } else {
    const int64_t width = plan.inPlace && !plan.splitPoints ? ceilDivide(depth, threads) : depth;
    const int64_t fitting = kBlockFloats / larger<int64_t>(1, width);
    plan.blockPoints = larger<int64_t>(32, smaller(4 * kBlockPoints, fitting));
    const int64_t share = plan.splitPoints ? ceilDivide(points, threads) : points;
    const int64_t blocks = larger<int64_t>(1, ceilDivide(share, plan.blockPoints));
    plan.blockPoints = larger<int64_t>(1, ceilDivide(share, blocks));
    if (!plan.inPlace) {
      plan.windowStride = roundUp(depth + 16, 16);
      if (plan.windowStride % 64 == 0) plan.windowStride += 16;
      plan.imageFloats = plan.blockPoints * plan.windowStride;
    }
  }
  plan.sumStride = roundUp(p.outputs, kPanelWidth);
  plan.panelFloats = plan.blockPoints * kPanelWidth;
  plan.sumFloats = depth * plan.sumStride;
  return plan;
}

namespace {

struct Columns {
  const float* data;
  int64_t stride;
};

// Panel `panel` of dy's rows first, ... first + count - 1; in place where whole vectors can be
// read.
Columns panelOf(const GatherProduct& p, const float* dy, int64_t dyPixel, int64_t first,
                int64_t count, int64_t panel, float* to) {
  const int64_t column = panel * kPanelWidth;
  const int64_t columns = smaller(kPanelWidth, p.outputs - column);
  const float* source = dy + first * dyPixel + column;
  if (dyPixel <= 64 && columns % kLanes == 0) return {source, dyPixel};
  for (int64_t t = 0; t < count; t++) {
    copyPanelRow(to + t * kPanelWidth, source + t * dyPixel, columns);
  }
  return {to, kPanelWidth};
}

// rows [row0, row1) of sums (+)= a^T b for one panel, in tiles of equal height.
void addOuter(OuterTile tile, const float* a, int64_t row0, int64_t row1, float* sums,
              int64_t vectors) {
  const int64_t rows = row1 - row0, tiles = ceilDivide(rows, kTileRows);
  for (int64_t i = 0; i < tiles; i++) {
    const int64_t begin = row0 + rows * i / tiles, end = row0 + rows * (i + 1) / tiles;
    tile.a = a + begin;
    tile.out = sums + begin * tile.outStride;
    tile.columns = vectors * kLanes;
    outerKernel(end - begin, vectors)(tile);
  }
}

}  // namespace

void runOuter(const GatherProduct& p, const OuterPlan& plan, const float* dy, int64_t dyPixel,
              float* dw, float* scratch, int64_t thread, int64_t threads) {
  const int64_t depth = p.depth(), points = p.points(), gridWidth = p.cols.gridSize;
  const int64_t panelCount = ceilDivide(p.outputs, kPanelWidth);
  const int64_t parts = plan.splitPoints ? threads : 1;
  float* panel = scratch + thread * (plan.panelFloats + plan.imageFloats);
  float* image = panel + plan.panelFloats;
  float* allSums = scratch + threads * (plan.panelFloats + plan.imageFloats);
  float* sums = allSums + (plan.splitPoints ? thread * plan.sumFloats : 0);
  int64_t row0 = 0, row1 = depth;
  if (!plan.splitPoints) {
    const int64_t tiles = ceilDivide(depth, kTileRows);
    row0 = smaller(depth, tiles * thread / threads * kTileRows);
    row1 = smaller(depth, tiles * (thread + 1) / threads * kTileRows);
  }
  const auto vectorsOf = [&](int64_t index) {
    return p.outputs - index * kPanelWidth <= kLanes ? int64_t{1} : kPanelVectors;
  };
  OuterTile tile{};
  tile.outStride = plan.sumStride;
  bool any = false;

  if (plan.paddedRows) {
    const int64_t perImage = ceilDivide(p.rows.gridSize, plan.blockRows);
    const int64_t blocks = p.batch * perImage;
    const int64_t windowRow = p.cols.taps * p.channels;
    for (int64_t b = blocks * thread / threads; b < blocks * (thread + 1) / threads; b++) {
      const int64_t n = b / perImage, i = b % perImage * plan.blockRows;
      const int64_t rowCount = smaller(plan.blockRows, p.rows.gridSize - i);
      const PaddedRows padded = padRows(p, n, i, rowCount, image);
      tile.aStride = p.cols.gridStep * p.channels;
      tile.segments = rowCount;
      tile.segmentStride = p.rows.gridStep * padded.rowStride;
      tile.length = gridWidth;
      tile.accumulate = any;
      for (int64_t q = 0; q < panelCount; q++) {
        const Columns columns = panelOf(p, dy, dyPixel, (n * p.rows.gridSize + i) * gridWidth,
                                        rowCount * gridWidth, q, panel);
        tile.b = columns.data;
        tile.bStride = columns.stride;
        for (int64_t r = 0; r < p.rows.taps; r++) {
          addOuter(tile, padded.data + r * p.rows.tapStep * padded.rowStride, 0, windowRow,
                   sums + r * windowRow * plan.sumStride + q * kPanelWidth, vectorsOf(q));
        }
      }
      any = true;
    }
  } else {
    const WindowSlice whole{0, p.rows.taps, 0, p.cols.taps, 0, p.channels};
    const int64_t begin = plan.splitPoints ? points * thread / threads : 0;
    const int64_t end = plan.splitPoints ? points * (thread + 1) / threads : points;
    for (int64_t first = begin; first < end; first += plan.blockPoints) {
      const int64_t count = smaller(plan.blockPoints, end - first);
      const float* a = image;
      tile.aStride = plan.windowStride;
      if (plan.inPlace) {
        a = p.in + first * p.inPixel;
        tile.aStride = p.inPixel;
      } else {
        gatherWindows(p, whole, first, count, image, plan.windowStride);
      }
      tile.segments = 1;
      tile.length = count;
      tile.accumulate = any;
      for (int64_t q = 0; q < panelCount; q++) {
        const Columns columns = panelOf(p, dy, dyPixel, first, count, q, panel);
        tile.b = columns.data;
        tile.bStride = columns.stride;
        addOuter(tile, a, row0, row1, sums + q * kPanelWidth, vectorsOf(q));
      }
      any = true;
    }
  }
  if (!any) zeroFloats(sums + row0 * plan.sumStride, (row1 - row0) * plan.sumStride);
#pragma omp barrier
  unpackWeightGradient(dw, p.outputs, p.channels, p.rows.taps * p.cols.taps, allSums,
                       plan.sumStride, parts, plan.sumFloats);
#pragma omp barrier
}

}  // namespace axonode::AXONODE_ISA
