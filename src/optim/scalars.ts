import { UpdateRule } from '../backend/kernels/index.js';

/** The scalars that every rule takes. */
export interface CommonScalars {
  /** −1 to climb, 1 to descend: the factor of the gradient. */
  readonly sign: number;
  /** Times the parameter, added to the gradient. */
  readonly l2: number;
  /** Times the parameter's sign, added to the gradient. */
  readonly l1: number;
  /** Factor of the parameter before its update: decoupled weight decay. */
  readonly shrink: number;
}

/** The names of each rule's own scalars, in the order in which kernels take them (see {@link UpdateRule}). */
const OWN = {
  [UpdateRule.sgd]: ['lr'],
  [UpdateRule.momentum]: ['lr'],
  [UpdateRule.nesterov]: ['lr', 'momentum'],
  [UpdateRule.adagrad]: ['eps'],
  [UpdateRule.adadelta]: ['lr', 'rho', 'eps'],
  [UpdateRule.rmsprop]: ['lr', 'alpha', 'eps'],
  [UpdateRule.rmspropMomentum]: ['lr', 'alpha', 'eps', 'momentum'],
  [UpdateRule.rmspropCentered]: ['lr', 'alpha', 'eps'],
  [UpdateRule.rmspropCenteredMomentum]: ['lr', 'alpha', 'eps', 'momentum'],
  [UpdateRule.adam]: ['beta1', 'beta2'],
  [UpdateRule.amsgrad]: ['beta1', 'beta2'],
  [UpdateRule.nadam]: ['beta1', 'beta2', 'eps'],
  [UpdateRule.adamax]: ['beta1', 'beta2', 'eps'],
  [UpdateRule.lion]: ['lr', 'beta1', 'beta2'],
  [UpdateRule.average]: ['fresh'],
} as const satisfies Readonly<Record<UpdateRule, readonly string[]>>;

/** A kernel's rule with its own scalars by name. */
export type RuleWithScalars = {
  [R in UpdateRule]: {
    readonly rule: R;
    readonly scalars: Readonly<Record<(typeof OWN)[R][number], number>>;
  };
}[UpdateRule];

/** The scalars of an update as kernels take them. */
export function packScalars(
  { sign, l2, l1, shrink }: CommonScalars,
  { rule, scalars }: RuleWithScalars,
): Float64Array {
  const own: Readonly<Record<string, number>> = scalars;
  const names = OWN[rule];
  const packed = new Float64Array(4 + names.length);
  packed[0] = sign;
  packed[1] = l2;
  packed[2] = l1;
  packed[3] = shrink;
  for (let i = 0; i < names.length; i++) packed[4 + i] = own[names[i] ?? ''] ?? Number.NaN;
  return packed;
}
