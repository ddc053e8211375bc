#include "native/conv/gather.h"

namespace axonode::AXONODE_ISA {
namespace {

// Floats of gathered windows that a block keeps in the second-level cache.
constexpr int64_t kBlockFloats = 96 * 1024;
constexpr int64_t kSliceLength = 256;

GatherMode chooseMode(const GatherProduct& p) {
  const int64_t pixelBytes = p.inPixel * 4;
  if (p.rows.isIdentity() && p.cols.isIdentity()) {
    return pixelBytes % kAliasBytes == 0 ? GatherMode::windows : GatherMode::inPlace;
  }
  // Where much of the windows lies in the padding, tiles of points that have the same taps inside.
  const int64_t lineBytes = p.cols.inSize * pixelBytes;
  if (p.rows.isIdentity() && p.cols.tapStep == 1 && p.channels == p.inPixel &&
      p.cols.gridSize < 4 * p.cols.taps && p.batch * p.rows.gridSize >= 2 * kTileRows &&
      p.depth() <= 3200 && lineBytes % kAliasBytes != 0) {
    return GatherMode::columns;
  }
  // Windows that overlap are read from the padded rows as long as few panels read them again.
  const bool overlap = p.cols.taps >= p.cols.gridStep && p.cols.tapStep == 1;
  const bool fewPanels = p.outputs <= 192 || p.channels < 16;
  if (overlap && p.rows.taps > 0 && p.cols.gridSize >= 7 && fewPanels && p.depth() <= 3200 &&
      p.cols.gridStep * p.channels * 4 % kAliasBytes != 0) {
    return GatherMode::paddedRows;
  }
  return GatherMode::windows;
}

}  // namespace

GatherPlan planGather(const GatherProduct& p, int64_t threads) {
  GatherPlan plan{};
  const int64_t points = p.points();
  if (points == 0) return plan;  // no blocks
  plan.mode = chooseMode(p);
  const int64_t panelCount = ceilDivide(p.outputs, kPanelWidth);
  int64_t imageFloats = 0;
  if (plan.mode == GatherMode::paddedRows) {
    plan.slices = {1, 1, 1};
    const int64_t gridHeight = p.rows.gridSize, gridWidth = p.cols.gridSize;
    const int64_t rowFloats = paddedRowsFloats(p, 2) - paddedRowsFloats(p, 1);
    const int64_t fitting = smaller(kBlockFloats / rowFloats, 224 / gridWidth + 1);
    plan.blockRows = larger<int64_t>(1, smaller(gridHeight, fitting));
    const int64_t perImage = ceilDivide(gridHeight, plan.blockRows);
    plan.blockRows = ceilDivide(gridHeight, perImage);
    plan.blocks = p.batch * ceilDivide(gridHeight, plan.blockRows);
    plan.blockPoints = plan.blockRows * gridWidth;
    imageFloats = paddedRowsFloats(p, plan.blockRows);
  } else if (plan.mode == GatherMode::columns) {
    plan.slices = {1, 1, 1};
    const int64_t rows = p.batch * p.rows.gridSize;
    plan.blocks = roundUp(ceilDivide(rows, kTileRows), threads);
    plan.blockRows = ceilDivide(rows, plan.blocks);
    plan.blockPoints = plan.blockRows * p.cols.gridSize;
  } else {
    plan.slices = sliceWindow(p, kSliceLength);
    const int64_t length = larger<int64_t>(1, ceilDivide(p.depth(), plan.slices.count()));
    int64_t longest = 1;
    for (int64_t i = 0; i < plan.slices.count(); i++) {
      longest = larger(longest, plan.slices(p, i).length());
    }
    // Several slices add to the results, which should then stay in the cache too.
    const int64_t fitting =
        plan.slices.count() > 1 ? 160 * 1024 / (length + p.outputs) : kBlockFloats / length;
    plan.blockPoints =
        larger(kTileRows * 2, smaller(kTileRows * 16, fitting / kTileRows * kTileRows));
    plan.blocks = ceilDivide(points, plan.blockPoints);
    // With more weights than pixels every thread reads panels of its own instead.
    const bool dividesPanels = points < p.outputs && panelCount >= threads;
    if (plan.blocks < 8 * threads && !dividesPanels) plan.blocks = roundUp(plan.blocks, threads);
    // To bring packed panels from another core's cache takes longer than to gather all pixels.
    if (dividesPanels && p.weights.data && points * longest <= kBlockFloats * 4 / 3) {
      plan.blocks = 1;
    }
    plan.blockPoints =
        larger<int64_t>(1, roundUp(ceilDivide(points, larger<int64_t>(plan.blocks, 1)), kTileRows));
    plan.blocks = ceilDivide(points, plan.blockPoints);
    if (plan.mode == GatherMode::windows) {
      plan.windowStride = roundUp(longest, 16);
      if (plan.windowStride % 64 == 0) plan.windowStride += 16;
      imageFloats = plan.blockPoints * plan.windowStride;
    }
    plan.packsPanels = p.weights.data && plan.blocks == 1;
    if (plan.packsPanels) plan.packedFloats = longest * kPanelWidth;
  }
  const bool fewBlocks = plan.blocks % threads != 0 && plan.blocks < 4 * threads;
  plan.panelParts = fewBlocks ? smaller(panelCount, threads) : 1;
  plan.tilesOutermost =
      plan.slices.count() == 1 && p.depth() * p.outputs <= 64 * 1024 && !plan.packsPanels;
  plan.readsPanelsAhead = plan.blocks == 1 && !plan.packsPanels &&
                          (plan.mode == GatherMode::inPlace || plan.mode == GatherMode::windows);
  // And the offsets of a block's points, and of those of them that a slice is multiplied for.
  plan.scratchFloats =
      plan.packedFloats + roundUp(imageFloats, 16) + 2 * roundUp(plan.blockPoints * 2, 16);
  return plan;
}

namespace {

// A block's rows and where they are written.
struct Block {
  int64_t first;  // grid point
  int64_t points;
  const float* a;
  int64_t rowStride;
  int64_t segmentStride;
  int64_t* outOffset;  // of each point
  int64_t gridRow;     // paddedRows, columns: the first row
  int64_t gridRows;    // and how many
  int64_t gridRowStride;
};

// Rows of a block that are multiplied at once.
struct TileRange {
  int64_t first, count;
  const float* a;
  // paddedRows, columns: the window's rows or columns that lie inside of the image; zeros are not
  // multiplied.
  Range inside;
};

// body(tile, index) for the tiles of a block.
template <class Body>
void forTiles(const GatherProduct& p, GatherMode mode, const Block& block, const Body& body) {
  int64_t index = 0;
  if (mode == GatherMode::paddedRows) {
    // A tile stays within a grid row.
    const RowTiles tiles(p.cols.gridSize);
    for (int64_t row = 0; row < block.gridRows; row++) {
      const Range inside = p.rows.inside(block.gridRow + row);
      const int64_t first = row * p.cols.gridSize;
      const float* a = block.a + row * block.gridRowStride + inside.begin * block.segmentStride;
      for (int64_t i = 0; i < tiles.count(); i++) {
        const int64_t begin = tiles.begin(i);
        body({first + begin, tiles.begin(i + 1) - begin, a + begin * block.rowStride, inside},
             index++);
      }
    }
    return;
  }
  if (mode == GatherMode::columns) {
    // A tile is a column of the block.
    for (int64_t column = 0; column < p.cols.gridSize; column++) {
      const Range inside = p.cols.inside(column);
      const int64_t x = p.cols.start + column * p.cols.gridStep + inside.begin;
      body({column * block.gridRows, block.gridRows, block.a + x * p.inPixel, inside}, index++);
    }
    return;
  }
  const RowTiles tiles(block.points);
  for (int64_t i = 0; i < tiles.count(); i++) {
    const int64_t begin = tiles.begin(i);
    body({begin, tiles.begin(i + 1) - begin, block.a + begin * block.rowStride, {0, 1}}, index++);
  }
}

int64_t outOffsetOf(const GatherProduct& p, int64_t n, int64_t i, int64_t j) {
  const int64_t y = n * p.rows.outSize + p.rows.outStart + i * p.rows.outStep;
  return (y * p.cols.outSize + p.cols.outStart + j * p.cols.outStep) * p.outPixel;
}

// Column by column.
void writeColumnOffsets(const GatherProduct& p, const Block& block) {
  for (int64_t j = 0; j < p.cols.gridSize; j++) {
    for (int64_t r = 0; r < block.gridRows; r++) {
      const int64_t row = block.gridRow + r;
      block.outOffset[j * block.gridRows + r] =
          outOffsetOf(p, row / p.rows.gridSize, row % p.rows.gridSize, j);
    }
  }
}

void writeOffsets(const GatherProduct& p, const Block& block) {
  const int64_t gridWidth = p.cols.gridSize, gridArea = p.rows.gridSize * gridWidth;
  int64_t n = block.first / gridArea, i = block.first % gridArea / gridWidth;
  int64_t j = block.first % gridWidth;
  for (int64_t point = 0; point < block.points; point++) {
    block.outOffset[point] = outOffsetOf(p, n, i, j);
    if (++j == gridWidth) {
      j = 0;
      if (++i == p.rows.gridSize) i = 0, n++;
    }
  }
}

Block openBlock(const GatherProduct& p, const GatherPlan& plan, int64_t index, float* scratch) {
  Block block{};
  block.outOffset = reinterpret_cast<int64_t*>(scratch);
  float* image = scratch + 2 * roundUp(plan.blockPoints * 2, 16);
  const int64_t gridWidth = p.cols.gridSize;
  if (plan.mode == GatherMode::paddedRows) {
    const int64_t perImage = ceilDivide(p.rows.gridSize, plan.blockRows);
    const int64_t n = index / perImage, row = index % perImage * plan.blockRows;
    const int64_t rowCount = smaller(plan.blockRows, p.rows.gridSize - row);
    const PaddedRows padded = padRows(p, n, row, rowCount, image);
    block.first = (n * p.rows.gridSize + row) * gridWidth;
    block.points = rowCount * gridWidth;
    block.a = padded.data;
    block.rowStride = p.cols.gridStep * p.channels;
    block.segmentStride = padded.rowStride * p.rows.tapStep;
    block.gridRow = row;
    block.gridRows = rowCount;
    block.gridRowStride = padded.rowStride * p.rows.gridStep;
  } else if (plan.mode == GatherMode::columns) {
    const int64_t rows = p.batch * p.rows.gridSize;
    block.gridRow = rows * index / plan.blocks;
    block.gridRows = rows * (index + 1) / plan.blocks - block.gridRow;
    block.points = block.gridRows * gridWidth;
    block.rowStride = p.cols.inSize * p.inPixel;
    block.a = p.in + block.gridRow * block.rowStride;
    writeColumnOffsets(p, block);
    return block;
  } else {
    block.first = index * plan.blockPoints;
    block.points = smaller(plan.blockPoints, p.points() - block.first);
    if (plan.mode == GatherMode::inPlace) {
      block.a = p.in + block.first * p.inPixel;
      block.rowStride = p.inPixel;
    } else {
      block.a = image;
      block.rowStride = plan.windowStride;
    }
  }
  writeOffsets(p, block);
  return block;
}

// Panels [panel0, panel1) of a slice of the window, times the tiles of a block.
struct SliceProduct {
  const GatherProduct& p;
  const GatherPlan& plan;
  const Block& block;
  int64_t start, length;  // of the slice in the window
  int64_t segmentLength;  // of a window's row, where its rows lie apart
  bool isFirst, isLast;   // the first slice begins every result, the last one finishes it
  int64_t panel0, panel1;

  // Index: of the tile in its block.
  void multiply(const TileRange& tile, int64_t index, int64_t panel, const float* values) const {
    const int64_t depth = p.depth(), column = panel * kPanelWidth;
    const int64_t taps = tile.inside.end - tile.inside.begin;
    RowTile t{};
    t.a = tile.a;
    t.rowStride = block.rowStride;
    t.segmentStride = block.segmentStride;
    if (plan.mode == GatherMode::columns) {
      t.segments = 1;
      t.length = taps * p.channels;
      t.panel = values + tile.inside.begin * p.channels * kPanelWidth;
    } else {
      t.segments = taps;
      t.length = segmentLength;
      t.panel = values + tile.inside.begin * segmentLength * kPanelWidth;
    }
    t.out = p.out + column;
    t.rowOffset = block.outOffset + tile.first;
    t.columns = smaller(kPanelWidth, p.outputs - column);
    t.bias = p.bias && isFirst ? p.bias + column : nullptr;
    t.accumulate = !isFirst;
    if (isLast) {
      t.add = p.add ? p.add + column : nullptr;
      t.relu = p.relu;
    }
    if (plan.mode == GatherMode::inPlace && plan.slices.count() == 1 && panel == panel0) {
      // The first panel brings in the rows that the next tile will read.
      t.prefetch = tile.a + tile.count * block.rowStride;
    } else if (plan.readsPanelsAhead && panel + 1 < panel1) {
      // A panel is read by few tiles: they bring in the next one, a line at each step.
      t.prefetch = t.panel + depth * kPanelWidth + index * t.length * kLanes;
    }
    rowKernel(tile.count, ceilDivide(t.columns, kLanes))(t);
  }

  void run(float* packed) const {
    const auto panelAt = [&](int64_t panel) {
      return p.panels + (panel * p.depth() + start) * kPanelWidth;
    };
    if (plan.tilesOutermost) {
      forTiles(p, plan.mode, block, [&](const TileRange& tile, int64_t index) {
        for (int64_t i = panel0; i < panel1; i++) multiply(tile, index, i, panelAt(i));
      });
      return;
    }
    for (int64_t i = panel0; i < panel1; i++) {
      const float* values = packed;
      if (plan.packsPanels) {
        const int64_t column = i * kPanelWidth;
        packPanel(p.weights, start, start + length, column,
                  smaller(kPanelWidth, p.outputs - column), packed);
      } else {
        values = panelAt(i);
      }
      forTiles(p, plan.mode, block,
               [&](const TileRange& tile, int64_t index) { multiply(tile, index, i, values); });
    }
  }
};

}  // namespace

void runGather(const GatherProduct& p, const GatherPlan& plan, float* memory) {
  float *packed = memory, *scratch = memory + plan.packedFloats;
  const int64_t panelCount = ceilDivide(p.outputs, kPanelWidth);
  const int64_t tapRows = plan.mode == GatherMode::paddedRows ? p.rows.taps : 1;
  if (plan.blocks == 0) return;
#pragma omp for schedule(dynamic, 1) nowait
  for (int64_t unit = 0; unit < plan.blocks * plan.panelParts; unit++) {
    const Block whole = openBlock(p, plan, unit / plan.panelParts, scratch);
    const int64_t part = unit % plan.panelParts;
    for (int64_t s = 0; s < plan.slices.count(); s++) {
      const WindowSlice slice = plan.slices(p, s);
      Block block = whole;
      const SliceProduct product{p,
                                 plan,
                                 block,
                                 slice.start(p),
                                 slice.length(),
                                 slice.length() / tapRows,
                                 s == 0,
                                 s == plan.slices.count() - 1,
                                 panelCount * part / plan.panelParts,
                                 panelCount * (part + 1) / plan.panelParts};
      if (plan.mode == GatherMode::inPlace) {
        block.a += product.start;
      } else if (plan.mode == GatherMode::windows) {
        float* image = const_cast<float*>(block.a);
        if (slice.isOneTap() && !product.isFirst && !product.isLast) {
          block.outOffset = reinterpret_cast<int64_t*>(scratch + roundUp(plan.blockPoints * 2, 16));
          block.points = gatherTap(p, slice, block.first, block.points, image, plan.windowStride,
                                   whole.outOffset, block.outOffset);
        } else {
          gatherWindows(p, slice, block.first, block.points, image, plan.windowStride);
        }
      }
      product.run(packed);
    }
  }
}

}  // namespace axonode::AXONODE_ISA
