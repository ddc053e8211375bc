import { UpdateRule } from '../backend/kernels/index.js';
import { ArgumentError } from '../errors.js';
import {
  BASE_DEFAULTS,
  type BaseOptions,
  Optimizer,
  type Params,
  type UpdatePlan,
} from './optimizer.js';
import { checkBoolean, checkNotNegative, fillOptions } from './options.js';
import type { GradientKind } from './rows.js';

export interface SGDOptions extends BaseOptions {
  /** Learning rate. Default: 1e-3. */
  lr: number;
  /** Share of the last step's direction that this one keeps. Default: 0. */
  momentum: number;
  /** The gradient enters the momentum times 1 − dampening. Default: 0. */
  dampening: number;
  /** Nesterov's momentum, which looks ahead; needs momentum, and no dampening. Default: false. */
  nesterov: boolean;
}

const DEFAULTS: SGDOptions = {
  lr: 1e-3,
  momentum: 0,
  dampening: 0,
  nesterov: false,
  ...BASE_DEFAULTS,
};

const MOMENTUM = 'momentum_buffer';
const STATES: readonly string[] = [MOMENTUM];

/**
 * Stochastic gradient descent, with momentum as PyTorch has it (Sutskever et al., "On the importance of
 * initialization and momentum in deep learning", 2013): m = momentum·m + (1 − dampening)·g, p −= lr·m, where the
 * first m is g; Nesterov's form steps along g + momentum·m.
 *
 * @example
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
 */
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: Params<SGDOptions>, options: Partial<SGDOptions> = {}) {
    super(params, fillOptions('SGD', DEFAULTS, options));
  }

  protected override checkOptions(options: SGDOptions): void {
    checkNotNegative('SGD', 'momentum', options.momentum);
    checkBoolean('SGD', 'nesterov', options.nesterov);
    if (!Number.isFinite(options.dampening)) {
      throw new ArgumentError(`SGD: dampening is ${options.dampening}, expected a finite number`);
    }
    if (options.nesterov && (options.momentum === 0 || options.dampening !== 0)) {
      throw new ArgumentError(
        `SGD: nesterov requires momentum > 0 and dampening 0, got momentum ${options.momentum} ` +
          `and dampening ${options.dampening}`,
      );
    }
  }

  protected override get takes(): GradientKind {
    return 'both';
  }

  /** @internal */
  protected override plan({ lr, momentum, dampening, nesterov }: SGDOptions): UpdatePlan {
    if (momentum === 0) return { rule: UpdateRule.sgd, states: [], scalars: { lr } };
    const later = [momentum, 1 - dampening];
    const factors: UpdatePlan['factors'] = ({ tensors }) => (tensors.has(MOMENTUM) ? later : FIRST);
    if (nesterov) {
      return { rule: UpdateRule.nesterov, states: STATES, scalars: { lr, momentum }, factors };
    }
    return { rule: UpdateRule.momentum, states: STATES, scalars: { lr }, factors };
  }
}

/** The first momentum is the gradient. */
const FIRST: readonly number[] = [0, 1];
