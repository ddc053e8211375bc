// Optimiser steps: one pass over all tensors of a parameter group, in place.
#include "native/base/tensor_list.h"
#include "native/indexing/index_range.h"
#include "native/kernels.h"
#include "native/optim/update_rules.h"

namespace axonode::AXONODE_ISA {
namespace {

constexpr int kMaxStates = 3;

// How many elements ahead memory is asked for. With four streams or more, the processor's own
// prefetching falls behind: without this, Adam's step takes a fifth longer.
constexpr int64_t kAhead = 512;

// What all rules have: the gradient's sign, the L2 and L1 penalties, and decoupled weight decay.
struct Common {
  VecF sign, l2, l1, shrink;
  explicit Common(const double* scalars)
      : sign(number(scalars[0])),
        l2(number(scalars[1])),
        l1(number(scalars[2])),
        shrink(number(scalars[3])) {}
};

// n elements of one tensor, prefetching those that follow where they will be needed.
template <class Rule, bool kL1, bool kPrefetch>
void update(float* p, const float* g, float* const* states, int64_t n, const Common& common,
            const Rule& rule) {
  constexpr int kStates = shapeOf(Rule::kRule).states;
  static_assert(kStates <= kMaxStates);
  const auto apply = [&](VecF& x, VecF gradient, VecF* s) {
    VecF d = common.sign * gradient + common.l2 * x;
    if constexpr (kL1) d += common.l1 * signOf(x);
    x *= common.shrink;
    rule(x, d, s);
  };
  VecF s[kMaxStates];
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    if constexpr (kPrefetch) {
      __builtin_prefetch(p + i + kAhead);
      __builtin_prefetch(g + i + kAhead);
      for (int k = 0; k < kStates; ++k) __builtin_prefetch(states[k] + i + kAhead);
    }
    VecF x = load(p + i);
    for (int k = 0; k < kStates; ++k) s[k] = load(states[k] + i);
    apply(x, load(g + i), s);
    store(p + i, x);
    for (int k = 0; k < kStates; ++k) store(states[k] + i, s[k]);
  }
  if (i == n) return;
  VecF x = loadPartial(p + i, n - i);
  for (int k = 0; k < kStates; ++k) s[k] = loadPartial(states[k] + i, n - i);
  apply(x, loadPartial(g + i, n - i), s);
  storePartial(p + i, x, n - i);
  for (int k = 0; k < kStates; ++k) storePartial(states[k] + i, s[k], n - i);
}

template <class Rule>
void updateAll(Context& context, OutList params, OutList states, InList grads, Doubles factors,
               Doubles scalars, Ints sizes) {
  constexpr RuleShape kShape = shapeOf(Rule::kRule);
  const Common common(scalars.data);
  const bool hasL1 = scalars[2] != 0;
  forElements(context, sizes, [&](int64_t tensor, int64_t begin, int64_t end) {
    float* own[kMaxStates] = {};
    for (int k = 0; k < kShape.states; ++k) {
      own[k] = states.data[k * sizes.size + tensor] + begin;
    }
    const Rule rule(scalars.data + kCommonScalars, factors.data + tensor * kShape.factors);
    float* p = params.data[tensor] + begin;
    const float* g = grads.data[tensor] + begin;
    hasL1 ? update<Rule, true, true>(p, g, own, end - begin, common, rule)
          : update<Rule, false, true>(p, g, own, end - begin, common, rule);
  });
}

// How many rows ahead memory is asked for: rows lie anywhere.
constexpr int64_t kRowsAhead = 8;

template <class Rule>
void updateRows(Context& context, float* param, OutList states, const float* values,
                const int32_t* rows, Doubles factors, Doubles scalars, int64_t count, int64_t inner,
                int64_t limit) {
  constexpr int kStates = shapeOf(Rule::kRule).states;
  constexpr int64_t kLine = 16;
  const Common common(scalars.data);
  const bool hasL1 = scalars[2] != 0;
  const Rule rule(scalars.data + kCommonScalars, factors.data);
  parallelFor(context, count, grainOf(4 * inner), [&](int64_t begin, int64_t end) {
    for (int64_t place = begin; place < end; ++place) {
      if (const int64_t next = place + kRowsAhead; next < end && inRange(rows[next], limit)) {
        for (int64_t i = rows[next] * inner; i < (rows[next] + 1) * inner; i += kLine) {
          __builtin_prefetch(param + i);
          for (int k = 0; k < kStates; ++k) __builtin_prefetch(states.data[k] + i);
        }
      }
      if (!inRange(rows[place], limit)) continue;
      const int64_t start = rows[place] * inner;
      float* own[kMaxStates] = {};
      for (int k = 0; k < kStates; ++k) own[k] = states.data[k] + start;
      const float* g = values + place * inner;
      hasL1 ? update<Rule, true, false>(param + start, g, own, inner, common, rule)
            : update<Rule, false, false>(param + start, g, own, inner, common, rule);
    }
  });
}

struct Updaters {
  decltype(&updateAll<Sgd>) all;
  decltype(&updateRows<Sgd>) rows;
};

// Puts a rule into its place in the table.
template <class... Rules>
constexpr Updaters find(UpdateRule rule) {
  Updaters found = {};
  ((rule == Rules::kRule ? void(found = {updateAll<Rules>, updateRows<Rules>}) : void()), ...);
  return found;
}

Updaters updatersOf(int64_t rule) {
  return find<Sgd, Momentum<false>, Momentum<true>, Adagrad, Adadelta, Rmsprop<false, false>,
              Rmsprop<false, true>, Rmsprop<true, false>, Rmsprop<true, true>, Adam<false>,
              Adam<true>, Nadam, Adamax, Lion, Average>(static_cast<UpdateRule>(rule));
}

}  // namespace

void optimizerStep(Context& context, OutList params, OutList states, InList grads, Doubles factors,
                   Doubles scalars, Ints sizes, int64_t rule) {
  if (context.faultPending) return;
  updatersOf(rule).all(context, params, states, grads, factors, scalars, sizes);
}

void optimizerStepRows(Context& context, float* param, OutList states, const float* values,
                       const int32_t* rows, Doubles factors, Doubles scalars, int64_t count,
                       int64_t inner, int64_t limit, int64_t rule) {
  if (context.faultPending) return;
  updatersOf(rule).rows(context, param, states, values, rows, factors, scalars, count, inner,
                        limit);
}

}  // namespace axonode::AXONODE_ISA
