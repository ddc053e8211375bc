#include "native/winograd.h"

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
  const int64_t tiles = ceilDivide(rows, kTileRows);
  for (int64_t i = 0; i < tiles; i++) {
    const int64_t begin = rows * i / tiles, end = rows * (i + 1) / tiles;
    t.a = a + begin * aStride;
    t.out = to + begin * width;
    if (readsOn) t.prefetch = panel + depth * width + i * depth * kLanes;
    rowKernel(end - begin, width / kLanes)(t);
  }
}

// Matrices of neighbouring frequencies start in different cache sets.
constexpr int64_t kSkew = 16;

int64_t panelColumns(int64_t outputs, int64_t panel) {
  return smaller(kPanelWidth, outputs - panel * kPanelWidth);
}
int64_t storedColumns(int64_t columns) { return columns <= kLanes ? kLanes : kPanelWidth; }

}  // namespace

template <int M>
WinogradPlan planWinograd(const WinogradProduct& p, int64_t threads) {
  constexpr int64_t F = (M + 2) * (M + 2);
  const int64_t depth = p.image.channels, rowStride = depth + kSkew;
  const int64_t panels = ceilDivide(p.outputs, kPanelWidth);
  WinogradPlan plan{};
  plan.tilesOutermost = p.tiles > 128 && depth * p.outputs < 512 * 512;
  if (plan.tilesOutermost) {
    // The block's frequencies stay in the second-level cache.
    const int64_t fitting = 80 * 1024 / (F * rowStride);
    plan.blockTiles = larger(kTileRows, smaller(4 * kTileRows, fitting / kTileRows * kTileRows));
    const int64_t perThread = ceilDivide(p.tiles, threads);
    plan.blockTiles = smaller(plan.blockTiles, perThread);
    plan.sharedFloats = p.transformed ? 0 : F * depth * panels * kPanelWidth;
    plan.ownFloats = F * plan.blockTiles * rowStride + F * (plan.blockTiles * kPanelWidth + kSkew);
  } else {
    plan.blockTiles = smaller<int64_t>(p.tiles, 128);
    plan.depthPart = p.transformed ? depth : smaller<int64_t>(depth, 128);
    plan.sharedFloats = F * plan.blockTiles * rowStride;
    const int64_t weightFloats = p.transformed ? 0 : F * (plan.depthPart * kPanelWidth + kSkew);
    plan.ownFloats = weightFloats + F * (plan.blockTiles * kPanelWidth + kSkew);
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
  const int64_t depth = p.image.channels, rowStride = depth + kSkew;
  const int64_t panels = ceilDivide(p.outputs, kPanelWidth);
  if (!p.transformed) transformPanels<M>(p.weights, p.use, depth, p.outputs, scratch);
  const float* transformed = p.transformed ? p.transformed : scratch;

  const Frequencies in{own, plan.blockTiles * rowStride, rowStride};
  float* product = own + F * in.stride;
  const int64_t blocks = ceilDivide(p.tiles, plan.blockTiles);
#pragma omp for schedule(dynamic, 1)
  for (int64_t block = 0; block < blocks; block++) {
    const int64_t begin = block * plan.blockTiles, end = smaller(p.tiles, begin + plan.blockTiles);
    transformInput<M>(p.image, p.grid, begin, end, in);
    for (int64_t panel = 0; panel < panels; panel++) {
      const int64_t columns = panelColumns(p.outputs, panel), width = storedColumns(columns);
      const RowOffsets offsets(width);
      const float* weights = transformed + panel * F * depth * kPanelWidth;
      const Frequencies out{product, plan.blockTiles * width + kSkew, width};
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
  const int64_t depth = p.image.channels, rowStride = depth + kSkew;
  const int64_t panels = ceilDivide(p.outputs, kPanelWidth);
  const Frequencies in{shared, plan.blockTiles * rowStride, rowStride};
  float* product = own + (p.transformed ? 0 : F * (plan.depthPart * kPanelWidth + kSkew));
  for (int64_t begin = 0; begin < p.tiles; begin += plan.blockTiles) {
    const int64_t end = smaller(p.tiles, begin + plan.blockTiles);
#pragma omp for schedule(static)
    for (int64_t tile = begin; tile < end; tile++) {
      const Frequencies row{in.data + (tile - begin) * rowStride, in.stride, rowStride};
      transformInput<M>(p.image, p.grid, tile, tile + 1, row);
    }
#pragma omp for schedule(dynamic, 1)
    for (int64_t panel = 0; panel < panels; panel++) {
      const int64_t columns = panelColumns(p.outputs, panel), width = storedColumns(columns);
      const RowOffsets offsets(width);
      const Frequencies ownWeights{own, plan.depthPart * width + kSkew, width};
      const Frequencies out{product, plan.blockTiles * width + kSkew, width};
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
