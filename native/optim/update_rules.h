// The formulas of the optimisers, a vector at a time: p is the parameter (already shrunk by
// decoupled weight decay), d the gradient with its penalties, s the rule's states.
#pragma once

#include "native/base/simd.h"
#include "native/optim/rule_shapes.h"

namespace axonode::AXONODE_ISA {

static inline VecF number(double value) { return splat(static_cast<float>(value)); }

struct Sgd {
  static constexpr UpdateRule kRule = UpdateRule::kSgd;
  VecF lr;
  Sgd(const double* scalars, const double*) : lr(number(scalars[0])) {}
  AXONODE_INLINE_MEMBER void operator()(VecF& p, VecF d, VecF*) const { p -= lr * d; }
};

template <bool kNesterov>
struct Momentum {
  static constexpr UpdateRule kRule = kNesterov ? UpdateRule::kNesterov : UpdateRule::kMomentum;
  VecF lr, momentum, keep, add;
  Momentum(const double* scalars, const double* factors)
      : lr(number(scalars[0])),
        momentum(number(kNesterov ? scalars[1] : 0)),
        keep(number(factors[0])),
        add(number(factors[1])) {}
  AXONODE_INLINE_MEMBER void operator()(VecF& p, VecF d, VecF* s) const {
    s[0] = keep * s[0] + add * d;
    p -= lr * (kNesterov ? d + momentum * s[0] : s[0]);
  }
};

struct Adagrad {
  static constexpr UpdateRule kRule = UpdateRule::kAdagrad;
  VecF eps, lr;
  Adagrad(const double* scalars, const double* factors)
      : eps(number(scalars[0])), lr(number(factors[0])) {}
  AXONODE_INLINE_MEMBER void operator()(VecF& p, VecF d, VecF* s) const {
    s[0] += d * d;
    p -= lr * d / (squareRoot(s[0]) + eps);
  }
};

struct Adadelta {
  static constexpr UpdateRule kRule = UpdateRule::kAdadelta;
  VecF lr, rho, fresh, eps;
  Adadelta(const double* scalars, const double*)
      : lr(number(scalars[0])),
        rho(number(scalars[1])),
        fresh(number(1 - scalars[1])),
        eps(number(scalars[2])) {}
  AXONODE_INLINE_MEMBER void operator()(VecF& p, VecF d, VecF* s) const {
    s[0] = rho * s[0] + fresh * d * d;
    const VecF change = squareRoot(s[1] + eps) / squareRoot(s[0] + eps) * d;
    s[1] = rho * s[1] + fresh * change * change;
    p -= lr * change;
  }
};

template <bool kCentered, bool kMomentum>
struct Rmsprop {
  static constexpr UpdateRule kRule =
      kCentered ? (kMomentum ? UpdateRule::kRmspropCenteredMomentum : UpdateRule::kRmspropCentered)
                : (kMomentum ? UpdateRule::kRmspropMomentum : UpdateRule::kRmsprop);
  VecF lr, alpha, fresh, eps, momentum;
  Rmsprop(const double* scalars, const double*)
      : lr(number(scalars[0])),
        alpha(number(scalars[1])),
        fresh(number(1 - scalars[1])),
        eps(number(scalars[2])),
        momentum(number(kMomentum ? scalars[3] : 0)) {}
  AXONODE_INLINE_MEMBER void operator()(VecF& p, VecF d, VecF* s) const {
    s[0] = alpha * s[0] + fresh * d * d;
    VecF variance = s[0];
    if constexpr (kCentered) {
      s[1] += fresh * (d - s[1]);
      variance -= s[1] * s[1];
    }
    VecF step = d / (squareRoot(variance) + eps);
    if constexpr (kMomentum) {
      VecF& velocity = s[kCentered ? 2 : 1];
      velocity = momentum * velocity + step;
      step = velocity;
    }
    p -= lr * step;
  }
};

// The running means of the gradient and of its square.
struct Moments {
  VecF fresh1, beta2, fresh2;
  explicit Moments(const double* scalars)
      : fresh1(number(1 - scalars[0])), beta2(number(scalars[1])), fresh2(number(1 - scalars[1])) {}
  AXONODE_INLINE_MEMBER void update(VecF d, VecF* s) const {
    s[0] += fresh1 * (d - s[0]);
    s[1] = beta2 * s[1] + fresh2 * d * d;
  }
};

// p −= stepSize·m / (scale·√v + eps); with kAmsgrad v is the largest so far.
template <bool kAmsgrad>
struct Adam {
  static constexpr UpdateRule kRule = kAmsgrad ? UpdateRule::kAmsgrad : UpdateRule::kAdam;
  Moments moments;
  VecF stepSize, scale, eps;
  Adam(const double* scalars, const double* factors)
      : moments(scalars),
        stepSize(number(factors[0])),
        scale(number(factors[1])),
        eps(number(factors[2])) {}
  AXONODE_INLINE_MEMBER void operator()(VecF& p, VecF d, VecF* s) const {
    moments.update(d, s);
    VecF variance = s[1];
    if constexpr (kAmsgrad) variance = s[2] = maxOrSecond(s[2], variance);
    p -= stepSize * s[0] / (scale * squareRoot(variance) + eps);
  }
};

// p −= (meanStep·m + gradientStep·d) / (scale·√v + eps)
struct Nadam {
  static constexpr UpdateRule kRule = UpdateRule::kNadam;
  Moments moments;
  VecF eps, meanStep, gradientStep, scale;
  Nadam(const double* scalars, const double* factors)
      : moments(scalars),
        eps(number(scalars[2])),
        meanStep(number(factors[0])),
        gradientStep(number(factors[1])),
        scale(number(factors[2])) {}
  AXONODE_INLINE_MEMBER void operator()(VecF& p, VecF d, VecF* s) const {
    moments.update(d, s);
    p -= (meanStep * s[0] + gradientStep * d) / (scale * squareRoot(s[1]) + eps);
  }
};

struct Adamax {
  static constexpr UpdateRule kRule = UpdateRule::kAdamax;
  VecF fresh1, beta2, eps, stepSize;
  Adamax(const double* scalars, const double* factors)
      : fresh1(number(1 - scalars[0])),
        beta2(number(scalars[1])),
        eps(number(scalars[2])),
        stepSize(number(factors[0])) {}
  AXONODE_INLINE_MEMBER void operator()(VecF& p, VecF d, VecF* s) const {
    s[0] += fresh1 * (d - s[0]);
    s[1] = maxOrSecond(beta2 * s[1], maxOrSecond(d, -d) + eps);
    p -= stepSize * s[0] / s[1];
  }
};

// 1, 0 or -1
AXONODE_INLINE VecF signOf(VecF x) {
  const VecF zero{};
  return select(x > zero, splat(1.0f), select(x < zero, splat(-1.0f), zero));
}

struct Lion {
  static constexpr UpdateRule kRule = UpdateRule::kLion;
  VecF lr, fresh1, fresh2;
  Lion(const double* scalars, const double*)
      : lr(number(scalars[0])), fresh1(number(1 - scalars[1])), fresh2(number(1 - scalars[2])) {}
  AXONODE_INLINE_MEMBER void operator()(VecF& p, VecF d, VecF* s) const {
    const VecF apart = d - s[0];
    p -= lr * signOf(s[0] + fresh1 * apart);
    s[0] += fresh2 * apart;
  }
};

// A running mean of what comes as the gradient.
struct Average {
  static constexpr UpdateRule kRule = UpdateRule::kAverage;
  VecF fresh;
  Average(const double* scalars, const double*) : fresh(number(scalars[0])) {}
  AXONODE_INLINE_MEMBER void operator()(VecF& p, VecF d, VecF*) const { p += fresh * (d - p); }
};

}  // namespace axonode::AXONODE_ISA
