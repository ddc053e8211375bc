// Cross-entropy with class indices, and binary cross-entropy, both from logits.
#include "native/base/map.h"
#include "native/kernels.h"
#include "native/loss/softmax_row.h"

namespace axonode::AXONODE_ISA {
namespace {

constexpr int64_t kCost = 8;  // of an element, in additions

// The loss of a row is Σ coefficient[c] · -logProb[c]: onTarget·w[target] for the target, and
// onAll·w[c] for every class.
struct Smoothing {
  float onTarget, onAll;
  double weightSum;  // Σ w[c]

  Smoothing(double smoothing, const float* weight, int64_t classes)
      : onTarget(static_cast<float>(1 - smoothing)),
        onAll(static_cast<float>(smoothing / static_cast<double>(classes))),
        weightSum(static_cast<double>(classes)) {
    if (weight == nullptr) return;
    weightSum = 0;
    for (int64_t c = 0; c < classes; ++c) weightSum += static_cast<double>(weight[c]);
  }
};

double weightedSum(const float* logProb, const float* weight, int64_t n) {
  return rowSum(n, [=](int64_t i, int64_t count) {
    const VecF x = count == kLanes ? load(logProb + i) : loadPartial(logProb + i, count);
    if (weight == nullptr) return x;
    return x * (count == kLanes ? load(weight + i) : loadPartial(weight + i, count));
  });
}

// Which rows count: those whose target is a class. Others are ignored, or bad and reported.
struct Targets {
  const char* kernel;
  const int32_t* target;
  int64_t classes, ignoreIndex;

  bool counts(Context& context, int64_t row) const {
    const int64_t t = target[row];
    if (t == ignoreIndex) return false;
    if (t >= 0 && t < classes) return true;
    context.report(kernel, t, classes);
    return false;
  }
};

AXONODE_INLINE VecF bceLoss(VecF x, VecF t, VecF weight) {
  const VecF softplus = log1p(exp(-absolute(x))) + atLeast(-x, 0.0f);  // of -x
  return (1.0f - t) * x + (1.0f + (weight - 1.0f) * t) * softplus;
}
AXONODE_INLINE VecF bceGrad(VecF g, VecF x, VecF t, VecF weight) {
  return g * ((1.0f - t) - (1.0f + (weight - 1.0f) * t) * sigmoid(-x));
}

// out = f(x..., w), where w = weight[i mod inner], or 1 if weight is null.
template <class Function, class... In>
void mapWeighted(Context& context, Function f, const float* weight, int64_t inner, int64_t n,
                 float* out, const In*... x) {
  if (weight == nullptr || inner == 1) {
    const float w = weight == nullptr ? 1.0f : *weight;
    return map(
        context, [f, w](auto... v) { return f(v..., splat(w)); }, 2 * kCost, n, out, x...);
  }
  parallelFor(context, n, grainOf(2 * kCost), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end;) {
      const int64_t column = i % inner, count = smaller(inner - column, end - i);
      mapRange(f, count, out + i, (x + i)..., weight + column);
      i += count;
    }
  });
}

}  // namespace

void crossEntropy(Context& context, float* loss, float* rowWeight, float* logProb, const float* x,
                  const int32_t* target, const float* weight, int64_t rows, int64_t classes,
                  int64_t ignoreIndex, double smoothing) {
  const Smoothing smooth(smoothing, weight, classes);
  const Targets targets{"crossEntropy", target, classes, ignoreIndex};
  parallelFor(context, rows, grainOf(kCost * classes), [&](int64_t begin, int64_t end) {
    // A loop of its own: reading what was just stored would stall it.
    for (int64_t r = begin; r < end; ++r) {
      logSoftmaxRow(logProb + r * classes, x + r * classes, classes);
    }
    for (int64_t r = begin; r < end; ++r) {
      loss[r] = 0;
      rowWeight[r] = 0;
      if (!targets.counts(context, r)) continue;
      const float* row = logProb + r * classes;
      const float w = weight == nullptr ? 1.0f : weight[target[r]];
      rowWeight[r] = w;
      loss[r] = smooth.onTarget * w * -row[target[r]];
      if (smoothing == 0) continue;
      loss[r] -= smooth.onAll * static_cast<float>(weightedSum(row, weight, classes));
    }
  });
}

void crossEntropyGrad(Context& context, float* dx, const float* g, const float* logProb,
                      const int32_t* target, const float* weight, int64_t rows, int64_t classes,
                      int64_t ignoreIndex, double smoothing) {
  const Smoothing smooth(smoothing, weight, classes);
  const Targets targets{"crossEntropyGrad", target, classes, ignoreIndex};
  parallelFor(context, rows, grainOf(kCost * classes), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      float* row = dx + r * classes;
      const float* logRow = logProb + r * classes;
      if (!targets.counts(context, r)) {
        for (int64_t c = 0; c < classes; ++c) row[c] = 0;
        continue;
      }
      // softmax·Σ coefficient - coefficient
      const float w = weight == nullptr ? 1.0f : weight[target[r]];
      const float onTarget = g[r] * smooth.onTarget * w, onAll = g[r] * smooth.onAll;
      const float total = onTarget + onAll * static_cast<float>(smooth.weightSum);
      if (smoothing == 0) {
        mapRange([=](VecF l) { return exp(l) * total; }, classes, row, logRow);
      } else if (weight == nullptr) {
        mapRange([=](VecF l) { return exp(l) * total - onAll; }, classes, row, logRow);
      } else {
        mapRange([=](VecF l, VecF v) { return exp(l) * total - onAll * v; }, classes, row, logRow,
                 weight);
      }
      row[target[r]] -= onTarget;
    }
  });
}

void bceWithLogits(Context& context, float* loss, const float* x, const float* target,
                   const float* posWeight, int64_t n, int64_t inner) {
  mapWeighted(
      context, [](VecF v, VecF t, VecF w) { return bceLoss(v, t, w); }, posWeight, inner, n, loss,
      x, target);
}

void bceWithLogitsGrad(Context& context, float* dx, const float* g, const float* x,
                       const float* target, const float* posWeight, int64_t n, int64_t inner) {
  mapWeighted(
      context, [](VecF d, VecF v, VecF t, VecF w) { return bceGrad(d, v, t, w); }, posWeight, inner,
      n, dx, g, x, target);
}

}  // namespace axonode::AXONODE_ISA
