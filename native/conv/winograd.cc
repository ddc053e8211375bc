#include "native/conv/winograd.h"

namespace axonode::AXONODE_ISA {
namespace {

// Offsets of the rows of a contiguous matrix, for rowKernel.
struct RowOffsets {
  int64_t values[kTileRows];
  explicit RowOffsets(int64_t stride) {
    for (int64_t r = 0; r < kTileRows; r++) values[r] = r * stride;
  }
};

// to[rows][width] (+)= a[rows][depth] * panel[depth][width], width being one or two vectors. The
// tiles bring in what follows the panel, a cache line at each step, if that is read next.
void multiplyPanel(const float* a, int64_t aStride, int64_t rows, int64_t depth, const float* panel,
                   int64_t width, const RowOffsets& offsets, float* to, bool accumulate,
                   bool readsOn = false) {
  RowTile t{};
  t.rowStride = aStride;
  t.segments = 1;
  t.length = depth;
  t.panel = panel;
  t.panelStride = width;
  t.columns = width;
  t.rowOffset = offsets.values;
  t.accumulate = accumulate;
  const RowTiles tiles(rows);
  for (int64_t i = 0; i < tiles.count(); i++) {
    const int64_t begin = tiles.begin(i), end = tiles.begin(i + 1);
    t.a = a + begin * aStride;
    t.out = to + begin * width;
    if (readsOn) t.prefetch = panel + depth * width + i * depth * kLanes;
    rowKernel(end - begin, width / kLanes)(t);
  }
}

int64_t panelColumns(int64_t outputs, int64_t panel) {
  return smaller(kPanelWidth, outputs - panel * kPanelWidth);
}
int64_t storedColumns(int64_t columns) { return columns <= kLanes ? kLanes : kPanelWidth; }

// Tiles of a block that a thread works on alone: its frequencies take up to about 400 KiB of the
// second-level cache, or 1.5 MiB for two register tiles, since one would read the weights too
// often.
int64_t fittingTiles(int64_t rowFloats) {
  const int64_t fitting = 96 * 1024 / rowFloats / kTileRows * kTileRows;
  const int64_t fewest = rowFloats * 2 * kTileRows <= 384 * 1024 ? 2 * kTileRows : kTileRows;
  return larger(fewest, smaller(fitting, 6 * kTileRows));
}

// Tiles of a chunk that all threads share, about 20 MiB of them, with the products of one panel in
// the second-level cache.
int64_t chunkTiles(int64_t rowFloats) {
  return smaller<int64_t>(256, larger<int64_t>(128, (5 << 20) / rowFloats));
}

}  // namespace

template <int M>
WinogradPlan planWinograd(const WinogradProduct& p, int64_t threads) {
  constexpr int64_t F = (M + 2) * (M + 2);
  const int64_t depth = p.image.channels;
  const int64_t panels = ceilDivide(p.outputs, kPanelWidth);
  WinogradPlan plan{};
  plan.rowStride = spreadRow(depth);
  // With fewer tiles than outputs the weights are larger than what they are multiplied with:
  // each is transformed and used in the cache, once if the tiles are one chunk.
  plan.tilesOutermost = p.tiles > larger<int64_t>(128, p.outputs) && depth * p.outputs < 512 * 512;
  if (plan.tilesOutermost) {
    plan.blocks = roundUp(ceilDivide(p.tiles, fittingTiles(F * plan.rowStride)), threads);
    plan.blockTiles = ceilDivide(p.tiles, plan.blocks);
    plan.inStride = spreadMatrix(plan.blockTiles * plan.rowStride);
    plan.sharedFloats = p.transformed ? 0 : F * depth * panels * kPanelWidth;
    plan.ownFloats = F * (plan.inStride + spreadMatrix(plan.blockTiles * kPanelWidth));
  } else {
    plan.blocks = ceilDivide(p.tiles, chunkTiles(F * plan.rowStride));
    plan.blockTiles = ceilDivide(p.tiles, plan.blocks);
    plan.inStride = spreadMatrix(plan.blockTiles * plan.rowStride);
    // Few tiles are soon done with a part of the weights, which should then be small.
    const int64_t longest = plan.blockTiles < 4 * kTileRows ? 128 : 256;
    plan.depthPart = p.transformed ? depth : smaller<int64_t>(depth, longest);
    plan.sharedFloats = F * plan.inStride;
    const int64_t weightFloats = p.transformed ? 0 : F * spreadMatrix(plan.depthPart * kPanelWidth);
    plan.ownFloats = weightFloats + F * spreadMatrix(plan.blockTiles * kPanelWidth);
  }
  plan.sharedFloats = roundUp(plan.sharedFloats, 16);
  plan.ownFloats = roundUp(plan.ownFloats, 16);
  return plan;
}

template <int M>
void transformPanels(const Weights& w, WeightUse use, int64_t depth, int64_t outputs,
                     float* transformed) {
  constexpr int64_t F = (M + 2) * (M + 2);
  constexpr int64_t rowsAtOnce = kLanes;
  const int64_t panels = ceilDivide(outputs, kPanelWidth), parts = ceilDivide(depth, rowsAtOnce);
#pragma omp for schedule(static)
  for (int64_t unit = 0; unit < panels * parts; unit++) {
    const int64_t panel = unit / parts, row = unit % parts * rowsAtOnce;
    const int64_t width = storedColumns(panelColumns(outputs, panel));
    float* to = transformed + panel * F * depth * kPanelWidth + row * width;
    transformWeights<M>(w, use, panel * kPanelWidth, row, smaller(depth, row + rowsAtOnce),
                        {to, depth * width, width});
  }
}

namespace {

template <int M>
void tilesOutermost(const WinogradProduct& p, const WinogradPlan& plan, float* scratch,
                    float* own) {
  constexpr int64_t F = (M + 2) * (M + 2);
  const int64_t depth = p.image.channels, rowStride = plan.rowStride;
  const int64_t panels = ceilDivide(p.outputs, kPanelWidth);
  if (!p.transformed) transformPanels<M>(p.weights, p.use, depth, p.outputs, scratch);
  const float* transformed = p.transformed ? p.transformed : scratch;

  const Frequencies in{own, plan.inStride, rowStride};
  float* product = own + F * in.stride;
#pragma omp for schedule(dynamic, 1)
  for (int64_t block = 0; block < plan.blocks; block++) {
    const int64_t begin = p.tiles * block / plan.blocks;
    const int64_t end = p.tiles * (block + 1) / plan.blocks;
    transformInput<M>(p.image, p.grid, begin, end, in);
    for (int64_t panel = 0; panel < panels; panel++) {
      const int64_t columns = panelColumns(p.outputs, panel), width = storedColumns(columns);
      const RowOffsets offsets(width);
      const float* weights = transformed + panel * F * depth * kPanelWidth;
      const Frequencies out{product, spreadMatrix(plan.blockTiles * width), width};
      for (int64_t f = 0; f < F; f++) {
        multiplyPanel(in.data + f * in.stride, rowStride, end - begin, depth,
                      weights + f * depth * width, width, offsets, out.data + f * out.stride,
                      false);
      }
      transformOutput<M>(out, columns, p.finish.from(panel * kPanelWidth),
                         p.out + panel * kPanelWidth, p.outputs, p.grid, begin, end);
    }
  }
}

template <int M>
void outputsOutermost(const WinogradProduct& p, const WinogradPlan& plan, float* shared,
                      float* own) {
  constexpr int64_t F = (M + 2) * (M + 2);
  const int64_t depth = p.image.channels, rowStride = plan.rowStride;
  const int64_t panels = ceilDivide(p.outputs, kPanelWidth);
  const Frequencies in{shared, plan.inStride, rowStride};
  float* product = own + (p.transformed ? 0 : F * spreadMatrix(plan.depthPart * kPanelWidth));
  for (int64_t block = 0; block < plan.blocks; block++) {
    const int64_t begin = p.tiles * block / plan.blocks;
    const int64_t end = p.tiles * (block + 1) / plan.blocks;
#pragma omp for schedule(static)
    for (int64_t tile = begin; tile < end; tile++) {
      const Frequencies row{in.data + (tile - begin) * rowStride, in.stride, rowStride};
      transformInput<M>(p.image, p.grid, tile, tile + 1, row);
    }
#pragma omp for schedule(dynamic, 1)
    for (int64_t panel = 0; panel < panels; panel++) {
      const int64_t columns = panelColumns(p.outputs, panel), width = storedColumns(columns);
      const RowOffsets offsets(width);
      const Frequencies ownWeights{own, spreadMatrix(plan.depthPart * width), width};
      const Frequencies out{product, spreadMatrix(plan.blockTiles * width), width};
      for (int64_t c = 0; c < depth; c += plan.depthPart) {
        const int64_t length = smaller(plan.depthPart, depth - c);
        const float* weights = ownWeights.data;
        int64_t weightStride = ownWeights.stride;
        if (p.transformed) {
          weights = p.transformed + panel * F * depth * kPanelWidth;
          weightStride = depth * width;
        } else {
          transformWeights<M>(p.weights, p.use, panel * kPanelWidth, c, c + length, ownWeights);
        }
        for (int64_t f = 0; f < F; f++) {
          multiplyPanel(in.data + f * in.stride + c, rowStride, end - begin, length,
                        weights + f * weightStride, width, offsets, out.data + f * out.stride,
                        c > 0, p.transformed != nullptr);
        }
      }
      transformOutput<M>(out, columns, p.finish.from(panel * kPanelWidth),
                         p.out + panel * kPanelWidth, p.outputs, p.grid, begin, end);
    }
  }
}

}  // namespace

template <int M>
void runWinograd(const WinogradProduct& p, const WinogradPlan& plan, float* scratch,
                 int64_t thread) {
  float* own = scratch + plan.sharedFloats + thread * plan.ownFloats;
  if (plan.tilesOutermost) {
    tilesOutermost<M>(p, plan, scratch, own);
  } else {
    outputsOutermost<M>(p, plan, scratch, own);
  }
}

template WinogradPlan planWinograd<4>(const WinogradProduct&, int64_t);
template WinogradPlan planWinograd<2>(const WinogradProduct&, int64_t);
template void transformPanels<4>(const Weights&, WeightUse, int64_t, int64_t, float*);
template void transformPanels<2>(const Weights&, WeightUse, int64_t, int64_t, float*);
template void runWinograd<4>(const WinogradProduct&, const WinogradPlan&, float*, int64_t);
template void runWinograd<2>(const WinogradProduct&, const WinogradPlan&, float*, int64_t);

}  // namespace axonode::AXONODE_ISA
