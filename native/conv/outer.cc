#include "native/conv/outer.h"

#include "native/base/tile_transpose.h"
#include "native/conv/layout.h"
#include "native/gemm/panels.h"

namespace axonode::AXONODE_ISA {
namespace {

// Of a block, a slice of the windows and the rows of dy stay in the second-level cache, a panel of
// dy in the first.
constexpr int64_t kBlockFloats = 96 * 1024;
constexpr int64_t kPanelFloats = 192 * 1024;
constexpr int64_t kBlockPoints = 128;
constexpr int64_t kFewRows = 160;

// Slices of the windows, of which every thread gets about the same number if they own them.
WindowSlices sliceRows(const GatherProduct& p, int64_t longest, int64_t owners) {
  WindowSlices slices = sliceWindow(p, longest);
  while (slices.count() % owners != 0 && slices.count() < 8 * owners && longest > 4 * kTileRows) {
    longest /= 2;
    slices = sliceWindow(p, longest);
  }
  return slices;
}

}  // namespace

int64_t OuterPlan::scratchFloats(int64_t threads) const {
  return threads * (panelFloats + imageFloats) + (splitPoints ? threads : 1) * sumFloats;
}

OuterPlan planOuter(const GatherProduct& p, int64_t dyPixel, int64_t threads) {
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
    const int64_t share = plan.splitPoints ? ceilDivide(points, threads) : points;
    const int64_t fitting = larger<int64_t>(32, kPanelFloats / larger<int64_t>(1, p.outputs));
    const int64_t longest = smaller(kBlockPoints, fitting);
    plan.blockPoints =
        larger<int64_t>(1, ceilDivide(share, larger<int64_t>(1, ceilDivide(share, longest))));
    plan.slices =
        sliceRows(p, kBlockFloats / plan.blockPoints, plan.splitPoints ? int64_t{1} : threads);
    if (!plan.inPlace) {
      int64_t length = 0;
      for (int64_t i = 0; i < plan.slices.count(); i++) {
        length = larger(length, plan.slices(p, i).length());
      }
      plan.windowStride = roundUp(length + 16, 16);
      if (plan.windowStride % 64 == 0) plan.windowStride += 16;
      plan.imageFloats = plan.blockPoints * plan.windowStride;
    }
  }
  plan.readsAhead = depth <= kFewRows && points * dyPixel > kBlockFloats;
  plan.sumStride = roundUp(p.outputs, kPanelWidth);
  plan.copied = dyPixel > 64 || p.outputs % kLanes != 0;
  if (plan.copied) plan.panelFloats = plan.blockPoints * plan.sumStride;
  plan.sumFloats = depth * plan.sumStride;
  return plan;
}

namespace {

// dy's rows of a block in panels of columns: as they lie in memory, if whole vectors can be read
// there, or copied row by row, which is how memory is read fastest.
struct Panels {
  const float* data;
  int64_t rowStride, panelStride;
};

Panels openPanels(const GatherProduct& p, const OuterPlan& plan, const float* dy, int64_t dyPixel,
                  int64_t first, int64_t count, float* to) {
  const float* source = dy + first * dyPixel;
  if (!plan.copied) return {source, dyPixel, kPanelWidth};
  const int64_t panelStride = count * kPanelWidth;
  for (int64_t t = 0; t < count; t++, source += dyPixel) {
    float* row = to + t * kPanelWidth;
    for (int64_t column = 0; column < p.outputs; column += kPanelWidth, row += panelStride) {
      copyPanelRow(row, source + column, smaller(kPanelWidth, p.outputs - column));
    }
  }
  return {to, kPanelWidth, panelStride};
}

// Memory that will be read next, a part of which each tile brings in: where few rows are multiplied
// with it, reading it takes as long as multiplying.
struct Ahead {
  const float* from;
  int64_t floats;
  const float* take(int64_t steps) {
    if (floats <= 0) return nullptr;
    const float* part = from;
    from += steps * 16;
    floats -= steps * 16;
    return part;
  }
};

// rows x one panel of sums (+)= a^T b, in tiles of equal height.
void addOuter(OuterTile tile, const float* a, int64_t rows, float* sums, int64_t vectors,
              Ahead& ahead) {
  const RowTiles tiles(rows, outerRows(vectors));
  for (int64_t i = 0; i < tiles.count(); i++) {
    const int64_t begin = tiles.begin(i), end = tiles.begin(i + 1);
    tile.a = a + begin;
    tile.out = sums + begin * tile.outStride;
    tile.columns = vectors * kLanes;
    tile.prefetch = ahead.take(tile.segments * tile.length);
    outerKernel(end - begin, vectors, tile.prefetch != nullptr)(tile);
  }
}

}  // namespace

void runOuter(const GatherProduct& p, const OuterPlan& plan, const float* dy, int64_t dyPixel,
              float* dw, float* scratch, int64_t thread, int64_t threads) {
  const int64_t points = p.points(), gridWidth = p.cols.gridSize;
  const int64_t panelCount = ceilDivide(p.outputs, kPanelWidth);
  const int64_t parts = plan.splitPoints ? threads : 1;
  float* panelCopy = scratch + thread * (plan.panelFloats + plan.imageFloats);
  float* image = panelCopy + plan.panelFloats;
  float* allSums = scratch + threads * (plan.panelFloats + plan.imageFloats);
  float* sums = allSums + (plan.splitPoints ? thread * plan.sumFloats : 0);
  const auto vectorsOf = [&](int64_t index) {
    return p.outputs - index * kPanelWidth <= kLanes ? int64_t{1} : kPanelVectors;
  };
  const auto aheadOf = [&](int64_t begin, int64_t end) {
    const int64_t next = plan.readsAhead ? smaller(end - begin, plan.blockPoints) : 0;
    return Ahead{dy + begin * dyPixel, next * dyPixel};
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
      tile.segmentStride = p.rows.gridStep * padded.rowStride;
      tile.length = gridWidth;
      tile.accumulate = any;
      const Panels panels = openPanels(p, plan, dy, dyPixel, (n * p.rows.gridSize + i) * gridWidth,
                                       rowCount * gridWidth, panelCopy);
      tile.bStride = panels.rowStride;
      Ahead ahead = aheadOf((n * p.rows.gridSize + i + rowCount) * gridWidth, points);
      for (int64_t q = 0; q < panelCount; q++) {
        for (int64_t r = 0; r < p.rows.taps; r++) {
          // Grid rows for which the tap's row lies outside of the image would only add zeros.
          int64_t begin = 0, end = rowCount;
          while (begin < end && !p.rows.inside(i + begin).has(r)) begin++;
          while (end > begin && !p.rows.inside(i + end - 1).has(r)) end--;
          if (begin == end && any) continue;
          tile.segments = end - begin;
          tile.b = panels.data + q * panels.panelStride + begin * gridWidth * panels.rowStride;
          addOuter(tile,
                   padded.data + r * p.rows.tapStep * padded.rowStride + begin * tile.segmentStride,
                   windowRow, sums + r * windowRow * plan.sumStride + q * kPanelWidth, vectorsOf(q),
                   ahead);
        }
      }
      any = true;
    }
  } else {
    const int64_t begin = plan.splitPoints ? points * thread / threads : 0;
    const int64_t end = plan.splitPoints ? points * (thread + 1) / threads : points;
    const int64_t slice0 = plan.splitPoints ? 0 : plan.slices.count() * thread / threads;
    const int64_t slice1 =
        plan.splitPoints ? plan.slices.count() : plan.slices.count() * (thread + 1) / threads;
    for (int64_t first = begin; first < end; first += plan.blockPoints) {
      const int64_t count = smaller(plan.blockPoints, end - first);
      const Panels panels = openPanels(p, plan, dy, dyPixel, first, count, panelCopy);
      tile.bStride = panels.rowStride;
      tile.aStride = plan.inPlace ? p.inPixel : plan.windowStride;
      tile.segments = 1;
      tile.length = count;
      tile.accumulate = any;
      Ahead ahead = aheadOf(first + count, end);
      for (int64_t s = slice0; s < slice1; s++) {
        const WindowSlice slice = plan.slices(p, s);
        const float* a = image;
        if (plan.inPlace) {
          a = p.in + first * p.inPixel + slice.channel0;
        } else {
          gatherWindows(p, slice, first, count, image, plan.windowStride);
        }
        float* rows = sums + slice.start(p) * plan.sumStride;
        for (int64_t q = 0; q < panelCount; q++) {
          tile.b = panels.data + q * panels.panelStride;
          addOuter(tile, a, slice.length(), rows + q * kPanelWidth, vectorsOf(q), ahead);
        }
      }
      any = true;
    }
  }
  if (!any && (plan.splitPoints || thread == 0)) zeroFloats(sums, plan.sumFloats);
#pragma omp barrier
  unpackWeightGradient(dw, p.outputs, p.channels, p.rows.taps * p.cols.taps, allSums,
                       plan.sumStride, parts, plan.sumFloats);
#pragma omp barrier
}

}  // namespace axonode::AXONODE_ISA
