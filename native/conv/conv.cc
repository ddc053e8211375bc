// 2-D convolution: which algorithm runs, and Winograd's view of the three passes.
#include <omp.h>

#include "native/base/parallel.h"
#include "native/conv/depthwise.h"
#include "native/conv/direct.h"
#include "native/conv/prepare.h"
#include "native/conv/scatter.h"
#include "native/conv/winograd.h"
#include "native/kernels.h"

namespace axonode::AXONODE_ISA {
namespace {

static_assert(kWidestPanel % kPanelWidth == 0);

Weights weightsOf(const Geometry& g, const float* w) {
  return {w, g.outChannels, g.inChannels, g.kernelHeight, g.kernelWidth};
}

// A team costs more than it gains below half a million products.
template <int M>
int winogradTeam(const Context& ctx, int64_t tiles, int64_t channels, int64_t outputs) {
  return teamSize(ctx, tiles * (M + 2) * (M + 2) * channels * outputs, 500'000);
}

template <int M>
void winogradProduct(Context& ctx, WinogradProduct p, int64_t batch, int64_t height,
                     int64_t width) {
  p.grid = tileGrid(M, height, width);
  p.tiles = batch * p.grid.high * p.grid.wide;
  const int team = winogradTeam<M>(ctx, p.tiles, p.image.channels, p.outputs);
  const WinogradPlan plan = planWinograd<M>(p, team);
  float* scratch = static_cast<float*>(ctx.scratch.reserve(plan.scratchFloats(team) * 4));
#pragma omp parallel num_threads(team)
  runWinograd<M>(p, plan, scratch, omp_get_thread_num());
}

template <int M>
void winogradForward(Context& ctx, float* out, const float* x, const ConvWeights& w,
                     const ConvFinish& finish, const Geometry& g) {
  WinogradProduct p{};
  p.image = {x, g.inHeight, g.inWidth, g.inChannels, g.padTop, g.padLeft};
  p.weights = weightsOf(g, w.data);
  p.use = WeightUse::forward;
  p.transformed = w.packed ? w.data : nullptr;
  p.finish = {finish.bias, finish.add, finish.relu};
  p.out = out;
  p.outputs = g.outChannels;
  winogradProduct<M>(ctx, p, g.batch, g.outHeight, g.outWidth);
}

template <int M>
void winogradPack(Context& ctx, float* packed, const float* w, const Geometry& g) {
  const int team = teamSize(ctx, g.inChannels * g.outChannels * 9, kGrain);
#pragma omp parallel num_threads(team)
  transformPanels<M>(weightsOf(g, w), WeightUse::forward, g.inChannels, g.outChannels, packed);
}

// The input gradient is dy convolved with the weights turned by 180 degrees, padded by 2 - pad.
template <int M>
void winogradInputGrad(Context& ctx, float* dx, const float* dy, const float* w, const float* bias,
                       const Geometry& g) {
  WinogradProduct p{};
  p.image = {dy, g.outHeight, g.outWidth, g.outChannels, 2 - g.padTop, 2 - g.padLeft};
  p.weights = weightsOf(g, w);
  p.use = WeightUse::inputGrad;
  p.finish.bias = bias;
  p.out = dx;
  p.outputs = g.inChannels;
  winogradProduct<M>(ctx, p, g.batch, g.inHeight, g.inWidth);
}

template <int M>
void winogradWeightGrad(Context& ctx, float* dw, const float* dy, const float* x,
                        const Geometry& g) {
  WinogradGrad p{};
  p.image = {x, g.inHeight, g.inWidth, g.inChannels, g.padTop, g.padLeft};
  p.grid = tileGrid(M, g.outHeight, g.outWidth);
  p.tiles = g.batch * p.grid.high * p.grid.wide;
  p.dy = dy;
  p.outputs = g.outChannels;
  p.dw = dw;
  const int team = winogradTeam<M>(ctx, p.tiles, p.image.channels, p.outputs);
  const WinogradGradPlan plan = planWinogradGrad<M>(p, team);
  float* scratch = static_cast<float*>(ctx.scratch.reserve(plan.scratchFloats(team) * 4));
#pragma omp parallel num_threads(team)
  runWinogradGrad<M>(p, plan, scratch, omp_get_thread_num(), omp_get_num_threads());
}

// The algorithm that reads weights in a format.
ConvAlgorithm algorithmOf(int64_t format) {
  switch (static_cast<WeightFormat>(format)) {
    case WeightFormat::kDepthwise:
      return ConvAlgorithm::depthwise;
    case WeightFormat::kPanels:
      return ConvAlgorithm::direct;
    case WeightFormat::kWinograd4:
      return ConvAlgorithm::winograd4;
    case WeightFormat::kWinograd2:
      return ConvAlgorithm::winograd2;
    case WeightFormat::kCount:
      break;
  }
  return ConvAlgorithm::none;
}

void forward(Context& ctx, ConvAlgorithm algorithm, float* out, const float* x,
             const ConvWeights& w, const ConvFinish& finish, const Geometry& g) {
  switch (algorithm) {
    case ConvAlgorithm::none:
    case ConvAlgorithm::scatter:  // input gradient only
      return;
    case ConvAlgorithm::depthwise:
      return depthwiseForward(ctx, out, x, w, finish, g);
    case ConvAlgorithm::winograd4:
      return winogradForward<4>(ctx, out, x, w, finish, g);
    case ConvAlgorithm::winograd2:
      return winogradForward<2>(ctx, out, x, w, finish, g);
    case ConvAlgorithm::direct:
      return directForward(ctx, out, x, w, finish, g);
  }
}

}  // namespace

void conv2d(Context& ctx, float* out, const float* x, const float* w, const float* bias,
            const Geometry& geometry) {
  forward(ctx, chooseForward(geometry, ctx.exactConvolution), out, x, {w, false},
          {bias, nullptr, false}, geometry);
}

void conv2dPacked(Context& ctx, float* out, const float* x, const float* packed, const float* bias,
                  const float* add, const Geometry& geometry, int64_t format, int64_t relu) {
  if (geometry.outChannels == 0) return;
  forward(ctx, algorithmOf(format), out, x, {packed, true}, {bias, add, relu != 0}, geometry);
}

void packConv2d(Context& ctx, float* packed, const float* w, const Geometry& geometry,
                int64_t format) {
  switch (static_cast<WeightFormat>(format)) {
    case WeightFormat::kDepthwise:
      return depthwisePack(packed, w, geometry);
    case WeightFormat::kPanels:
      return directPack(ctx, packed, w, geometry);
    case WeightFormat::kWinograd4:
      return winogradPack<4>(ctx, packed, w, geometry);
    case WeightFormat::kWinograd2:
      return winogradPack<2>(ctx, packed, w, geometry);
    case WeightFormat::kCount:
      return;
  }
}

void conv2dInputGrad(Context& ctx, float* dx, const float* dy, const float* w, const float* bias,
                     const Geometry& geometry) {
  const Geometry& g = geometry;
  switch (chooseInputGrad(g, ctx.exactConvolution)) {
    case ConvAlgorithm::none:
      return;
    case ConvAlgorithm::depthwise:
      return depthwiseInputGrad(ctx, dx, dy, w, bias, g);
    case ConvAlgorithm::winograd4:
      return winogradInputGrad<4>(ctx, dx, dy, w, bias, g);
    case ConvAlgorithm::winograd2:
      return winogradInputGrad<2>(ctx, dx, dy, w, bias, g);
    case ConvAlgorithm::scatter:
      return scatterInputGrad(ctx, dx, dy, w, bias, g);
    case ConvAlgorithm::direct:
      return directInputGrad(ctx, dx, dy, w, bias, g);
  }
}

void conv2dWeightGrad(Context& ctx, float* dw, const float* dy, const float* x,
                      const Geometry& geometry) {
  const Geometry& g = geometry;
  switch (chooseWeightGrad(g, ctx.exactConvolution)) {
    case ConvAlgorithm::none:
    case ConvAlgorithm::scatter:  // input gradient only
      return;
    case ConvAlgorithm::depthwise:
      return depthwiseWeightGrad(ctx, dw, dy, x, g);
    case ConvAlgorithm::winograd4:
      return winogradWeightGrad<4>(ctx, dw, dy, x, g);
    case ConvAlgorithm::winograd2:
      return winogradWeightGrad<2>(ctx, dw, dy, x, g);
    case ConvAlgorithm::direct:
      return directWeightGrad(ctx, dw, dy, x, g);
  }
}

}  // namespace axonode::AXONODE_ISA
