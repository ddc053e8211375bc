// Optimiser steps: one pass over all tensors of a parameter group, in place.
#include "native/kernels.h"
#include "native/tensor_list.h"

namespace axonode::AXONODE_ISA {
namespace {

struct Sgd {
  float lr, momentum;
  float fresh;  // 1 - dampening
  float weightDecay, sign;
  bool nesterov;
};

void sgdRange(float* __restrict p, const float* __restrict g, int64_t n, Sgd s) {
  for (int64_t i = 0; i < n; ++i) p[i] -= s.lr * (s.sign * g[i] + s.weightDecay * p[i]);
}

template <bool kNesterov>
void momentumRange(float* __restrict p, const float* __restrict g, float* __restrict m, int64_t n,
                   Sgd s) {
  for (int64_t i = 0; i < n; ++i) {
    const float d = s.sign * g[i] + s.weightDecay * p[i];
    const float velocity = s.momentum * m[i] + s.fresh * d;
    m[i] = velocity;
    p[i] -= s.lr * (kNesterov ? d + s.momentum * velocity : velocity);
  }
}

// The first step: m holds nothing yet and becomes d.
void firstMomentumRange(float* __restrict p, const float* __restrict g, float* __restrict m,
                        int64_t n, Sgd s) {
  const float factor = s.lr * (s.nesterov ? 1 + s.momentum : 1);
  for (int64_t i = 0; i < n; ++i) {
    const float d = s.sign * g[i] + s.weightDecay * p[i];
    m[i] = d;
    p[i] -= factor * d;
  }
}

struct Adam {
  float stepSize;   // lr / biasCorrection1
  float rootScale;  // 1 / √biasCorrection2
  float fresh1;     // 1 - beta1
  float beta2;
  float fresh2;  // 1 - beta2
  float eps, sign;
  float weightDecay;  // added to the gradient
  float shrink;       // factor of the parameter: decoupled weight decay
};

// v's root, or that of the largest v so far (amsgrad), scales the step.
template <bool kAmsgrad>
void adamRange(float* __restrict p, const float* __restrict g, float* __restrict m,
               float* __restrict v, float* __restrict largest, int64_t n, Adam s) {
  for (int64_t i = 0; i < n; ++i) {
    const float d = s.sign * g[i] + s.weightDecay * p[i];
    const float mean = m[i] + s.fresh1 * (d - m[i]);
    const float variance = s.beta2 * v[i] + s.fresh2 * d * d;
    m[i] = mean;
    v[i] = variance;
    float root = variance;
    if constexpr (kAmsgrad) {
      root = largest[i] > variance ? largest[i] : variance;
      largest[i] = root;
    }
    p[i] = s.shrink * p[i] - s.stepSize * mean / (__builtin_sqrtf(root) * s.rootScale + s.eps);
  }
}

}  // namespace

void sgdStep(Context& context, OutList params, InList grads, OutList momenta, Bytes first,
             Ints sizes, double lr, double momentum, double dampening, int64_t nesterov,
             double weightDecay, int64_t maximize) {
  const Sgd s{
      .lr = static_cast<float>(lr),
      .momentum = static_cast<float>(momentum),
      .fresh = static_cast<float>(1 - dampening),
      .weightDecay = static_cast<float>(weightDecay),
      .sign = maximize != 0 ? -1.0f : 1.0f,
      .nesterov = nesterov != 0,
  };
  forElements(context, sizes, [&](int64_t tensor, int64_t begin, int64_t end) {
    float* p = params.data[tensor] + begin;
    const float* g = grads.data[tensor] + begin;
    const int64_t n = end - begin;
    if (momenta.count == 0) return sgdRange(p, g, n, s);
    float* m = momenta.data[tensor] + begin;
    if (first[tensor] != 0) return firstMomentumRange(p, g, m, n, s);
    s.nesterov ? momentumRange<true>(p, g, m, n, s) : momentumRange<false>(p, g, m, n, s);
  });
}

void adamStep(Context& context, OutList params, InList grads, OutList means, OutList variances,
              OutList maxima, Doubles biasCorrection1, Doubles biasCorrection2, Ints sizes,
              double lr, double beta1, double beta2, double eps, double weightDecay,
              int64_t decoupled, int64_t maximize) {
  forElements(context, sizes, [&](int64_t tensor, int64_t begin, int64_t end) {
    const Adam s{
        .stepSize = static_cast<float>(lr / biasCorrection1[tensor]),
        .rootScale = static_cast<float>(1 / __builtin_sqrt(biasCorrection2[tensor])),
        .fresh1 = static_cast<float>(1 - beta1),
        .beta2 = static_cast<float>(beta2),
        .fresh2 = static_cast<float>(1 - beta2),
        .eps = static_cast<float>(eps),
        .sign = maximize != 0 ? -1.0f : 1.0f,
        .weightDecay = decoupled != 0 ? 0.0f : static_cast<float>(weightDecay),
        .shrink = decoupled != 0 ? static_cast<float>(1 - lr * weightDecay) : 1.0f,
    };
    float* p = params.data[tensor] + begin;
    const float* g = grads.data[tensor] + begin;
    float *m = means.data[tensor] + begin, *v = variances.data[tensor] + begin;
    const int64_t n = end - begin;
    if (maxima.count == 0) return adamRange<false>(p, g, m, v, nullptr, n, s);
    adamRange<true>(p, g, m, v, maxima.data[tensor] + begin, n, s);
  });
}

}  // namespace axonode::AXONODE_ISA
