// The weight gradient by Winograd: per frequency, the sum over tiles of outer products of the
// transformed input and the transformed output gradient.
#include "native/tile_transpose.h"
#include "native/winograd.h"

namespace axonode::AXONODE_ISA {
namespace {

constexpr int64_t kSkew = 16;
// Up to so many channels times outputs every thread can afford sums of its own.
constexpr int64_t kOwnSums = 8192;
// Transformed tiles that all threads share: all of them if they fill at most kWholeFloats (the sums
// then never leave a block), else kChunkFloats of them at a time.
constexpr int64_t kWholeFloats = 5 << 20, kChunkFloats = 3 << 20;

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
  const int64_t parts = ceilDivide(rows, kTileRows);
  for (int64_t i = 0; i < parts; i++) {
    const int64_t begin = rows * i / parts, end = rows * (i + 1) / parts;
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
int64_t gradStride(const WinogradGrad& p) { return roundUp(p.outputs, kPanelWidth) + kSkew; }
int64_t inputStride(const WinogradGrad& p) { return p.image.channels + kSkew; }

}  // namespace

template <int M>
WinogradGradPlan planWinogradGrad(const WinogradGrad& p, int64_t threads) {
  constexpr int64_t F = (M + 2) * (M + 2);
  const int64_t channels = p.image.channels, tileFloats = inputStride(p) + gradStride(p);
  WinogradGradPlan plan{};
  plan.ownSums = channels * p.outputs <= kOwnSums;
  if (plan.ownSums) {
    const int64_t fitting = 64 * 1024 / (F * tileFloats);
    plan.chunkTiles = larger<int64_t>(14, smaller<int64_t>(56, fitting));
    plan.chunkTiles = smaller(plan.chunkTiles, ceilDivide(p.tiles, threads));
    plan.sumFloats = F * (channels * roundUp(p.outputs, kPanelWidth) + kSkew);
    plan.sharedFloats = threads * plan.sumFloats;
    plan.ownFloats = F * (plan.chunkTiles * tileFloats + 2 * kSkew);
  } else {
    const bool whole = F * p.tiles * tileFloats <= kWholeFloats;
    plan.chunkTiles = whole ? p.tiles : larger<int64_t>(64, kChunkFloats / (F * tileFloats));
    const int64_t chunks = ceilDivide(p.tiles, plan.chunkTiles);
    plan.chunkTiles = ceilDivide(p.tiles, chunks);
    plan.blockChannels = ceilDivide(channels, ceilDivide(channels, 64));
    const int64_t blocks =
        ceilDivide(channels, plan.blockChannels) * ceilDivide(p.outputs, kPanelWidth);
    plan.sumFloats = F * (plan.blockChannels * kPanelWidth + kSkew);
    plan.sharedFloats =
        F * (plan.chunkTiles * tileFloats + 2 * kSkew) + (chunks > 1 ? blocks * plan.sumFloats : 0);
    plan.ownFloats = chunks > 1 ? 0 : plan.sumFloats;
  }
  plan.sharedFloats = roundUp(plan.sharedFloats, 16);
  plan.ownFloats = roundUp(plan.ownFloats, 16);
  return plan;
}

namespace {

template <int M>
void sumPerThread(const WinogradGrad& p, const WinogradGradPlan& plan, float* allSums, float* own,
                  int64_t thread, int64_t threads) {
  constexpr int64_t F = (M + 2) * (M + 2);
  const int64_t channels = p.image.channels, width = roundUp(p.outputs, kPanelWidth);
  const Frequencies sums{allSums + thread * plan.sumFloats, channels * width + kSkew, width};
  const Frequencies in{own, plan.chunkTiles * inputStride(p) + kSkew, inputStride(p)};
  const Frequencies grad{own + F * in.stride, plan.chunkTiles * gradStride(p) + kSkew,
                         gradStride(p)};
  const int64_t first = p.tiles * thread / threads, last = p.tiles * (thread + 1) / threads;
  if (first == last) zeroFloats(sums.data, plan.sumFloats);
  for (int64_t begin = first; begin < last; begin += plan.chunkTiles) {
    const int64_t end = smaller(last, begin + plan.chunkTiles);
    transformInput<M>(p.image, p.grid, begin, end, in);
    transformGrad<M>(p.dy, p.outputs, p.grid, begin, end, grad);
    for (int64_t f = 0; f < F; f++) {
      for (int64_t k = 0; k < p.outputs; k += kPanelWidth) {
        addProducts(in.data + f * in.stride, in.rowStride, grad.data + f * grad.stride + k,
                    grad.rowStride, end - begin, channels, vectorsAt(k, p.outputs),
                    sums.data + f * sums.stride + k, width, begin > first);
      }
    }
  }
#pragma omp barrier
  const int64_t blocks = ceilDivide(channels, kLanes);
#pragma omp for schedule(static)
  for (int64_t block = 0; block < blocks; block++) {
    const int64_t c = block * kLanes;
    inverseWeights<M>({allSums + c * width, sums.stride, width}, threads, plan.sumFloats,
                      smaller<int64_t>(kLanes, channels - c), p.outputs, p.dw, channels, c, 0);
  }
}

template <int M>
void sumPerBlock(const WinogradGrad& p, const WinogradGradPlan& plan, float* shared, float* own) {
  constexpr int64_t F = (M + 2) * (M + 2);
  const int64_t channels = p.image.channels;
  const Frequencies in{shared, plan.chunkTiles * inputStride(p) + kSkew, inputStride(p)};
  const Frequencies grad{shared + F * in.stride, plan.chunkTiles * gradStride(p) + kSkew,
                         gradStride(p)};
  float* kept = grad.data + F * grad.stride;  // every block's sums, when there are several chunks
  const bool keep = plan.ownFloats == 0;
  const int64_t channelBlocks = ceilDivide(channels, plan.blockChannels);
  const int64_t blocks = channelBlocks * ceilDivide(p.outputs, kPanelWidth);
  for (int64_t begin = 0; begin < p.tiles; begin += plan.chunkTiles) {
    const int64_t end = smaller(p.tiles, begin + plan.chunkTiles), count = end - begin;
#pragma omp for schedule(static)
    for (int64_t i = 0; i < count; i++) {
      const int64_t tile = begin + i;
      transformInput<M>(p.image, p.grid, tile, tile + 1,
                        {in.data + i * in.rowStride, in.stride, in.rowStride});
      transformGrad<M>(p.dy, p.outputs, p.grid, tile, tile + 1,
                       {grad.data + i * grad.rowStride, grad.stride, grad.rowStride});
    }
#pragma omp for schedule(dynamic, 1)
    for (int64_t block = 0; block < blocks; block++) {
      const int64_t c = block % channelBlocks * plan.blockChannels;
      const int64_t k = block / channelBlocks * kPanelWidth;
      const int64_t rows = smaller(plan.blockChannels, channels - c);
      const Frequencies sums{keep ? kept + block * plan.sumFloats : own,
                             plan.blockChannels * kPanelWidth + kSkew, kPanelWidth};
      for (int64_t f = 0; f < F; f++) {
        // Short runs of tiles, whose rows stay in the first-level cache while a panel's rows pass.
        constexpr int64_t run = 128;
        for (int64_t t = 0; t < count; t += run) {
          addProducts(in.data + f * in.stride + t * in.rowStride + c, in.rowStride,
                      grad.data + f * grad.stride + t * grad.rowStride + k, grad.rowStride,
                      smaller(run, count - t), rows, vectorsAt(k, p.outputs),
                      sums.data + f * sums.stride, kPanelWidth, begin > 0 || t > 0);
        }
      }
      if (end == p.tiles) {
        inverseWeights<M>(sums, 1, 0, rows, smaller(kPanelWidth, p.outputs - k), p.dw, channels, c,
                          k);
      }
    }
  }
}

}  // namespace

template <int M>
void runWinogradGrad(const WinogradGrad& p, const WinogradGradPlan& plan, float* scratch,
                     int64_t thread, int64_t threads) {
  float* own = scratch + plan.sharedFloats + thread * plan.ownFloats;
  if (plan.ownSums) {
    sumPerThread<M>(p, plan, scratch, own, thread, threads);
  } else {
    sumPerBlock<M>(p, plan, scratch, own);
  }
}

template WinogradGradPlan planWinogradGrad<4>(const WinogradGrad&, int64_t);
template WinogradGradPlan planWinogradGrad<2>(const WinogradGrad&, int64_t);
template void runWinogradGrad<4>(const WinogradGrad&, const WinogradGradPlan&, float*, int64_t,
                                 int64_t);
template void runWinogradGrad<2>(const WinogradGrad&, const WinogradGradPlan&, float*, int64_t,
                                 int64_t);

}  // namespace axonode::AXONODE_ISA
