// The update rules of the optimisers, for the kernel and for the checks of its arguments.
#pragma once

namespace axonode {

// Numbered as the TypeScript interface's UpdateRule.
enum class UpdateRule : int {
  kSgd,
  kMomentum,
  kNesterov,
  kAdagrad,
  kAdadelta,
  kRmsprop,
  kRmspropMomentum,
  kRmspropCentered,
  kRmspropCenteredMomentum,
  kAdam,
  kAmsgrad,
  kNadam,
  kAdamax,
  kLion,
  kAverage,
  kCount
};

// What a rule takes: arrays of state and numbers of its own for each tensor, and numbers that all
// tensors share, after those that all rules have.
struct RuleShape {
  int states, factors, scalars;
};

constexpr RuleShape kRuleShapes[] = {
    {0, 0, 1},  // kSgd
    {1, 2, 1},  // kMomentum
    {1, 2, 2},  // kNesterov
    {1, 1, 1},  // kAdagrad
    {2, 0, 3},  // kAdadelta
    {1, 0, 3},  // kRmsprop
    {2, 0, 4},  // kRmspropMomentum
    {2, 0, 3},  // kRmspropCentered
    {3, 0, 4},  // kRmspropCenteredMomentum
    {2, 3, 2},  // kAdam
    {3, 3, 2},  // kAmsgrad
    {2, 3, 3},  // kNadam
    {2, 1, 3},  // kAdamax
    {1, 0, 3},  // kLion
    {0, 0, 1},  // kAverage
};
static_assert(sizeof(kRuleShapes) / sizeof(RuleShape) == static_cast<int>(UpdateRule::kCount));

// The numbers that all rules take, first among the scalars: sign, l2, l1, shrink.
constexpr int kCommonScalars = 4;

constexpr RuleShape shapeOf(UpdateRule rule) { return kRuleShapes[static_cast<int>(rule)]; }

}  // namespace axonode
