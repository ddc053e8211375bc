// The weight gradient by Winograd: per frequency, the sum over tiles of outer products of the
// transformed input and the transformed output gradient.
#include "native/base/tile_transpose.h"
#include "native/conv/winograd.h"

namespace axonode::AXONODE_ISA {
namespace {

// Up to so many channels times outputs every thread can afford sums of its own.
constexpr int64_t kOwnSums = 8192;
// Short runs of tiles, whose rows stay in the first-level cache while a panel's rows pass.
constexpr int64_t kRun = 128;
// Channels of a block whose sums are kept for all frequencies.
constexpr int64_t kBlockChannels = 64;
// Floats of transformed tiles that all threads share at a time.
constexpr int64_t kChunkFloats = 5 << 20;

// sums[rows][panel] (+)= a[tiles][rows]^T b[tiles][panel].
void addProducts(const float* a, int64_t aStride, const float* b, int64_t bStride, int64_t tiles,
                 int64_t rows, int64_t vectors, float* sums, int64_t sumStride, bool accumulate) {
  OuterTile t{};
  t.aStride = aStride;
  t.segments = 1;
  t.length = tiles;
  t.b = b;
  t.bStride = bStride;
  t.outStride = sumStride;
  t.columns = vectors * kLanes;
  t.accumulate = accumulate;
  const RowTiles parts(rows, outerRows(vectors));
  for (int64_t i = 0; i < parts.count(); i++) {
    const int64_t begin = parts.begin(i), end = parts.begin(i + 1);
    t.a = a + begin;
    t.out = sums + begin * sumStride;
    outerKernel(end - begin, vectors)(t);
  }
}

int64_t vectorsAt(int64_t k, int64_t outputs) {
  return outputs - k <= kLanes ? int64_t{1} : kPanelVectors;
}

// Rows of transformed gradients have whole panels, so that vectors can be read to their end; what
// lies beyond the last output ends in sums that nobody reads.
int64_t gradStride(const WinogradGrad& p) { return spreadRow(roundUp(p.outputs, kPanelWidth)); }
int64_t inputStride(const WinogradGrad& p) { return spreadRow(p.image.channels); }

}  // namespace

template <int M>
WinogradGradPlan planWinogradGrad(const WinogradGrad& p, int64_t threads) {
  constexpr int64_t F = (M + 2) * (M + 2);
  const int64_t channels = p.image.channels, tileFloats = inputStride(p) + gradStride(p);
  WinogradGradPlan plan{};
  plan.ownSums = channels * p.outputs <= kOwnSums;
  plan.sumFloats = F * spreadMatrix(channels * roundUp(p.outputs, kPanelWidth));
  if (plan.ownSums) {
    const int64_t fitting = 128 * 1024 / (F * tileFloats);
    plan.chunkTiles = larger<int64_t>(14, smaller<int64_t>(56, fitting));
    plan.chunkTiles = smaller(plan.chunkTiles, ceilDivide(p.tiles, threads));
  } else {
    const int64_t longest = larger<int64_t>(64, kChunkFloats / (F * tileFloats));
    plan.chunkTiles = ceilDivide(p.tiles, ceilDivide(p.tiles, longest));
  }
  const int64_t tileSets = F * (spreadMatrix(plan.chunkTiles * inputStride(p)) +
                                spreadMatrix(plan.chunkTiles * gradStride(p)));
  plan.blocks = !plan.ownSums && p.tiles <= kRun && plan.chunkTiles == p.tiles &&
                channels * p.outputs > 4 * p.tiles * (channels + p.outputs);
  if (plan.blocks) {
    plan.sharedFloats = tileSets;
    plan.ownFloats = F * spreadMatrix(kBlockChannels * kPanelWidth);
  } else {
    plan.sharedFloats = plan.ownSums ? threads * plan.sumFloats : plan.sumFloats + tileSets;
    plan.ownFloats = plan.ownSums ? tileSets : 0;
  }
  plan.sharedFloats = roundUp(plan.sharedFloats, 16);
  plan.ownFloats = roundUp(plan.ownFloats, 16);
  return plan;
}

namespace {

// Where the transformed tiles of a chunk and the sums of all frequencies lie.
struct Parts {
  Frequencies in, grad, sums;
};
Parts partsOf(const WinogradGrad& p, const WinogradGradPlan& plan, int64_t frequencies,
              float* tiles, float* sums) {
  const int64_t width = roundUp(p.outputs, kPanelWidth);
  const Frequencies in{tiles, spreadMatrix(plan.chunkTiles * inputStride(p)), inputStride(p)};
  const Frequencies grad{tiles + frequencies * in.stride,
                         spreadMatrix(plan.chunkTiles * gradStride(p)), gradStride(p)};
  return {in, grad, {sums, spreadMatrix(p.image.channels * width), width}};
}

// The products of one frequency over `tiles` tiles, for channels [c0, c1).
void addFrequency(const WinogradGrad& p, const Parts& parts, int64_t f, int64_t tiles, int64_t c0,
                  int64_t c1, bool accumulate) {
  const auto& [in, grad, sums] = parts;
  for (int64_t t = 0; t < tiles; t += kRun) {
    for (int64_t k = 0; k < p.outputs; k += kPanelWidth) {
      addProducts(in.data + f * in.stride + t * in.rowStride + c0, in.rowStride,
                  grad.data + f * grad.stride + t * grad.rowStride + k, grad.rowStride,
                  smaller(kRun, tiles - t), c1 - c0, vectorsAt(k, p.outputs),
                  sums.data + f * sums.stride + c0 * sums.rowStride + k, sums.rowStride,
                  accumulate || t > 0);
    }
  }
}

// Every thread over tiles of its own.
template <int M>
void sumPerThread(const WinogradGrad& p, const WinogradGradPlan& plan, const Parts& parts,
                  int64_t thread, int64_t threads) {
  constexpr int64_t F = (M + 2) * (M + 2);
  const int64_t first = p.tiles * thread / threads, last = p.tiles * (thread + 1) / threads;
  if (first == last) zeroFloats(parts.sums.data, plan.sumFloats);
  for (int64_t begin = first; begin < last; begin += plan.chunkTiles) {
    const int64_t end = smaller(last, begin + plan.chunkTiles);
    transformInput<M>(p.image, p.grid, begin, end, parts.in);
    transformGrad<M>(p.dy, p.outputs, p.grid, begin, end, parts.grad);
    for (int64_t f = 0; f < F; f++) {
      addFrequency(p, parts, f, end - begin, 0, p.image.channels, begin > first);
    }
  }
}

// All threads transform tiles [begin, end).
template <int M>
void transformTiles(const WinogradGrad& p, const Parts& parts, int64_t begin, int64_t end) {
  const auto& [in, grad, sums] = parts;
#pragma omp for schedule(static)
  for (int64_t tile = begin; tile < end; tile++) {
    const int64_t i = tile - begin;
    transformInput<M>(p.image, p.grid, tile, tile + 1,
                      {in.data + i * in.rowStride, in.stride, in.rowStride});
    transformGrad<M>(p.dy, p.outputs, p.grid, tile, tile + 1,
                     {grad.data + i * grad.rowStride, grad.stride, grad.rowStride});
  }
}

// Threads divide the frequencies, each of which fits the second-level cache.
template <int M>
void sumPerFrequency(const WinogradGrad& p, const WinogradGradPlan& plan, const Parts& parts,
                     int64_t threads) {
  constexpr int64_t F = (M + 2) * (M + 2);
  const int64_t channels = p.image.channels, pieces = ceilDivide(4 * threads, F);
  for (int64_t begin = 0; begin < p.tiles; begin += plan.chunkTiles) {
    const int64_t end = smaller(p.tiles, begin + plan.chunkTiles);
    transformTiles<M>(p, parts, begin, end);
#pragma omp for schedule(dynamic, 1)
    for (int64_t unit = 0; unit < F * pieces; unit++) {
      const int64_t piece = unit % pieces;
      addFrequency(p, parts, unit / pieces, end - begin, channels * piece / pieces,
                   channels * (piece + 1) / pieces, begin > 0);
    }
  }
}

// Few tiles: the sums would be much larger than what they are made of, so a block of them at a time
// is made and turned back while it is in the cache.
template <int M>
void sumPerBlock(const WinogradGrad& p, const Parts& parts, float* own) {
  constexpr int64_t F = (M + 2) * (M + 2);
  const int64_t channels = p.image.channels;
  const auto& [in, grad, unused] = parts;
  transformTiles<M>(p, parts, 0, p.tiles);
  const Frequencies sums{own, spreadMatrix(kBlockChannels * kPanelWidth), kPanelWidth};
  const int64_t channelBlocks = ceilDivide(channels, kBlockChannels);
#pragma omp for schedule(dynamic, 1)
  for (int64_t unit = 0; unit < channelBlocks * ceilDivide(p.outputs, kPanelWidth); unit++) {
    const int64_t c = unit % channelBlocks * kBlockChannels;
    const int64_t k = unit / channelBlocks * kPanelWidth;
    const int64_t rows = smaller(kBlockChannels, channels - c);
    for (int64_t f = 0; f < F; f++) {
      addProducts(in.data + f * in.stride + c, in.rowStride, grad.data + f * grad.stride + k,
                  grad.rowStride, p.tiles, rows, vectorsAt(k, p.outputs),
                  sums.data + f * sums.stride, kPanelWidth, false);
    }
    inverseWeights<M>(sums, 1, 0, rows, smaller(kPanelWidth, p.outputs - k), p.dw, channels, c, k);
  }
}

}  // namespace

template <int M>
void runWinogradGrad(const WinogradGrad& p, const WinogradGradPlan& plan, float* scratch,
                     int64_t thread, int64_t threads) {
  constexpr int64_t F = (M + 2) * (M + 2);
  float* own = scratch + plan.sharedFloats + thread * plan.ownFloats;
  if (plan.blocks) {
    sumPerBlock<M>(p, partsOf(p, plan, F, scratch, nullptr), own);
    return;
  }
  const Parts parts = plan.ownSums ? partsOf(p, plan, F, own, scratch + thread * plan.sumFloats)
                                   : partsOf(p, plan, F, scratch + plan.sumFloats, scratch);
  if (plan.ownSums) {
    sumPerThread<M>(p, plan, parts, thread, threads);
  } else {
    sumPerFrequency<M>(p, plan, parts, threads);
  }
#pragma omp barrier
  const int64_t channels = p.image.channels;
  const int64_t blocks = ceilDivide(channels, kLanes), panels = ceilDivide(p.outputs, kPanelWidth);
  const Frequencies& sums = parts.sums;
#pragma omp for schedule(static)
  for (int64_t unit = 0; unit < blocks * panels; unit++) {
    const int64_t c = unit / panels * kLanes, k = unit % panels * kPanelWidth;
    inverseWeights<M>({scratch + c * sums.rowStride + k, sums.stride, sums.rowStride},
                      plan.ownSums ? threads : 1, plan.sumFloats,
                      smaller<int64_t>(kLanes, channels - c), smaller(kPanelWidth, p.outputs - k),
                      p.dw, channels, c, k);
  }
}

template WinogradGradPlan planWinogradGrad<4>(const WinogradGrad&, int64_t);
template WinogradGradPlan planWinogradGrad<2>(const WinogradGrad&, int64_t);
template void runWinogradGrad<4>(const WinogradGrad&, const WinogradGradPlan&, float*, int64_t,
                                 int64_t);
template void runWinogradGrad<2>(const WinogradGrad&, const WinogradGradPlan&, float*, int64_t,
                                 int64_t);

}  // namespace axonode::AXONODE_ISA
