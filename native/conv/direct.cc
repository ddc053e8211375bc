// One product per group of channels, and per phase of the stride for the input gradient.
#include "native/conv/direct.h"

#include <omp.h>

#include "native/base/parallel.h"
#include "native/base/tile_transpose.h"
#include "native/conv/gather.h"
#include "native/conv/layout.h"
#include "native/conv/outer.h"

namespace axonode::AXONODE_ISA {
namespace {

// Multiplications below which a team costs more than it gains.
constexpr int64_t kSerialWork = 500'000;

int64_t workOf(const Geometry& g) {
  return g.batch * g.outHeight * g.outWidth * g.outChannels * (g.inChannels / g.groups) *
         g.kernelHeight * g.kernelWidth;
}

Weights groupWeights(const Geometry& g, const float* w, int64_t group) {
  const int64_t outputs = g.outChannels / g.groups, channels = g.inChannels / g.groups;
  return {w + group * outputs * channels * g.kernelHeight * g.kernelWidth, outputs, channels,
          g.kernelHeight, g.kernelWidth};
}

// Weights of a single tap are a matrix [output][channel] as they lie.
PanelSource singleTap(const Weights& w, bool transposed) {
  return {w.taps() == 1 ? w.data : nullptr, w.channels, transposed};
}

int64_t panelFloats(int64_t depth, int64_t columns) {
  return roundUp(depth * roundUp(columns, kPanelWidth), 16);
}

// The bias of one group, padded to whole panels.
const float* packBias(const float* bias, int64_t count, float* to) {
  if (!bias) return nullptr;
  copyFloats(to, bias, count);
  zeroFloats(to + count, roundUp(count, kPanelWidth) - count);
  return to;
}

// Windows of x, one per output pixel; used by the forward pass and the weight gradient.
GatherProduct windowsOf(const Geometry& g, const float* x, int64_t group) {
  GatherProduct p{};
  p.batch = g.batch;
  p.rows = {g.inHeight,
            g.outHeight,
            g.strideHeight,
            -g.padTop,
            g.dilationHeight,
            g.kernelHeight,
            g.outHeight,
            0,
            1};
  p.cols = {
      g.inWidth, g.outWidth, g.strideWidth, -g.padLeft, g.dilationWidth, g.kernelWidth, g.outWidth,
      0,         1};
  p.channels = g.inChannels / g.groups;
  p.in = x + group * p.channels;
  p.inPixel = g.inChannels;
  p.outputs = g.outChannels / g.groups;
  p.outPixel = g.outChannels;
  return p;
}

// Input pixels h = phase + stride * i meet the same taps r: those with
// (h + pad - r * dilation) divisible by the stride, at output pixel i + (phase + pad - r *
// dilation) / stride.
struct PhaseAxis {
  TapRange taps;  // in descending order, so that output pixels ascend
  GatherAxis axis;
};

PhaseAxis phaseAxis(int64_t phase, int64_t inSize, int64_t outSize, int64_t kernel, int64_t stride,
                    int64_t pad, int64_t dilation) {
  int64_t first = 0;
  while (first < stride && (phase + pad - first * dilation) % stride != 0) first++;
  int64_t divisor = stride, rest = dilation;  // greatest common divisor
  while (rest != 0) {
    const int64_t next = divisor % rest;
    divisor = rest;
    rest = next;
  }
  const int64_t tapStep = stride / divisor;
  const int64_t count = first < stride && first < kernel ? (kernel - 1 - first) / tapStep + 1 : 0;
  const int64_t last = first + (count - 1) * tapStep;
  PhaseAxis result{};
  result.taps = {last, -tapStep, count};
  result.axis.inSize = outSize;
  result.axis.gridSize = phase < inSize ? (inSize - phase - 1) / stride + 1 : 0;
  result.axis.gridStep = 1;
  result.axis.start = count > 0 ? (phase + pad - last * dilation) / stride : 0;
  result.axis.tapStep = dilation / divisor;
  result.axis.taps = count;
  result.axis.outSize = inSize;
  result.axis.outStart = phase;
  result.axis.outStep = stride;
  return result;
}

struct Phase {
  TapRange rowTaps, colTaps;
  GatherProduct product;
};

Phase phaseOf(const Geometry& g, const float* dy, const float* w, float* dx, int64_t group,
              int64_t index) {
  const PhaseAxis rows = phaseAxis(index / g.strideWidth, g.inHeight, g.outHeight, g.kernelHeight,
                                   g.strideHeight, g.padTop, g.dilationHeight);
  const PhaseAxis cols = phaseAxis(index % g.strideWidth, g.inWidth, g.outWidth, g.kernelWidth,
                                   g.strideWidth, g.padLeft, g.dilationWidth);
  Phase phase{rows.taps, cols.taps, {}};
  GatherProduct& p = phase.product;
  p.batch = g.batch;
  p.rows = rows.axis;
  p.cols = cols.axis;
  p.channels = g.outChannels / g.groups;
  p.in = dy + group * p.channels;
  p.inPixel = g.outChannels;
  p.outputs = g.inChannels / g.groups;
  p.out = dx + group * p.outputs;
  p.outPixel = g.inChannels;
  p.weights = singleTap(groupWeights(g, w, group), false);
  return phase;
}

}  // namespace

void directPack(Context& ctx, float* packed, const float* w, const Geometry& g) {
  const Weights first = groupWeights(g, w, 0);
  const int64_t depth = first.taps() * first.channels;
  const int64_t weightFloats = panelFloats(depth, first.outputs);
  const int team = teamSize(ctx, g.outChannels * depth, kGrain);
#pragma omp parallel num_threads(team)
  for (int64_t group = 0; group < g.groups; group++) {
    packForwardPanels(groupWeights(g, w, group), packed + group * weightFloats);
  }
}

void directForward(Context& ctx, float* out, const float* x, const ConvWeights& w,
                   const ConvFinish& finish, const Geometry& g) {
  const int team = teamSize(ctx, workOf(g), kSerialWork);
  const auto productOf = [&](int64_t group) {
    GatherProduct p = windowsOf(g, x, group);
    if (!w.packed) p.weights = singleTap(groupWeights(g, w.data, group), true);
    return p;
  };
  const GatherProduct product = productOf(0);
  const GatherPlan plan = planGather(product, team);
  const int64_t weightFloats = panelFloats(product.depth(), product.outputs);
  const int64_t biasFloats = finish.bias ? roundUp(product.outputs, kPanelWidth) + 16 : 0;
  const bool packs = !w.packed && !plan.packsPanels;
  const int64_t packedFloats = packs ? g.groups * weightFloats : 0;
  float* scratch = static_cast<float*>(
      ctx.scratch.reserve((packedFloats + g.groups * biasFloats + team * plan.scratchFloats) * 4));
  float* biases = scratch + packedFloats;
#pragma omp parallel num_threads(team)
  {
    if (packs) {
      for (int64_t group = 0; group < g.groups; group++) {
        packForwardPanels(groupWeights(g, w.data, group), scratch + group * weightFloats);
      }
    }
#pragma omp for schedule(static)
    for (int64_t group = 0; group < g.groups; group++) {
      packBias(finish.bias ? finish.bias + group * product.outputs : nullptr, product.outputs,
               biases + group * biasFloats);
    }
    float* own = biases + g.groups * biasFloats + omp_get_thread_num() * plan.scratchFloats;
    for (int64_t group = 0; group < g.groups; group++) {
      GatherProduct p = productOf(group);
      p.out = out + group * p.outputs;
      if (!plan.packsPanels) p.panels = (w.packed ? w.data : scratch) + group * weightFloats;
      p.bias = finish.bias ? biases + group * biasFloats : nullptr;
      p.add = finish.add ? finish.add + group * p.outputs : nullptr;
      p.relu = finish.relu;
      runGather(p, plan, own);
    }
  }
}

void directInputGrad(Context& ctx, float* dx, const float* dy, const float* w, const float* bias,
                     const Geometry& g) {
  const int team = teamSize(ctx, workOf(g), kSerialWork);
  const int64_t phases = g.strideHeight * g.strideWidth;
  const int64_t outputs = g.inChannels / g.groups;
  // Every phase has its own taps, so together their panels hold each weight once.
  const int64_t weightFloats =
      panelFloats(g.kernelHeight * g.kernelWidth * (g.outChannels / g.groups), outputs) + 16;
  const int64_t biasFloats = roundUp(outputs, kPanelWidth) + 16;
  int64_t ownFloats = 0;
  bool untouched = false;  // pixels that no tap meets
  for (int64_t i = 0; i < phases; i++) {
    const GatherProduct p = phaseOf(g, dy, w, dx, 0, i).product;
    const GatherPlan plan = planGather(p, team);
    untouched = untouched || p.depth() == 0;
    ownFloats = larger(ownFloats, plan.scratchFloats);
  }
  const int64_t groupFloats = weightFloats + biasFloats;
  float* scratch =
      static_cast<float*>(ctx.scratch.reserve((g.groups * groupFloats + team * ownFloats) * 4));
#pragma omp parallel num_threads(team)
  {
    if (untouched) {
      // Whole rows in one go are faster than these pixels one by one.
#pragma omp for schedule(static) nowait
      for (int64_t row = 0; row < g.batch * g.inHeight; row++) {
        fillPixels(dx + row * g.inWidth * g.inChannels, g.inWidth, g.inChannels, bias);
      }
    }
    for (int64_t group = 0; group < g.groups; group++) {
      float* panels = scratch + group * groupFloats;
      for (int64_t i = 0; i < phases; i++) {
        const Phase phase = phaseOf(g, dy, w, dx, group, i);
        if (!planGather(phase.product, team).packsPanels) {
          packGradientPanels(groupWeights(g, w, group), phase.rowTaps, phase.colTaps, panels);
        }
        panels += phase.product.depth() * roundUp(outputs, kPanelWidth);
      }
    }
#pragma omp for schedule(static)
    for (int64_t group = 0; group < g.groups; group++) {
      packBias(bias ? bias + group * outputs : nullptr, outputs,
               scratch + group * groupFloats + weightFloats);
    }
    float* own = scratch + g.groups * groupFloats + omp_get_thread_num() * ownFloats;
    for (int64_t group = 0; group < g.groups; group++) {
      const float* panels = scratch + group * groupFloats;
      for (int64_t i = 0; i < phases; i++) {
        Phase phase = phaseOf(g, dy, w, dx, group, i);
        if (phase.product.depth() == 0) continue;
        phase.product.panels = panels;
        phase.product.bias = bias ? scratch + group * groupFloats + weightFloats : nullptr;
        runGather(phase.product, planGather(phase.product, team), own);
        panels += phase.product.depth() * roundUp(outputs, kPanelWidth);
      }
    }
  }
}

void directWeightGrad(Context& ctx, float* dw, const float* dy, const float* x, const Geometry& g) {
  const int team = teamSize(ctx, workOf(g), kSerialWork);
  const OuterPlan plan = planOuter(windowsOf(g, x, 0), g.outChannels, team);
  float* scratch = static_cast<float*>(ctx.scratch.reserve(plan.scratchFloats(team) * 4));
#pragma omp parallel num_threads(team)
  {
    for (int64_t group = 0; group < g.groups; group++) {
      const GatherProduct p = windowsOf(g, x, group);
      runOuter(p, plan, dy + group * p.outputs, g.outChannels, dw + group * p.outputs * p.depth(),
               scratch, omp_get_thread_num(), omp_get_num_threads());
    }
  }
}

}  // namespace axonode::AXONODE_ISA
