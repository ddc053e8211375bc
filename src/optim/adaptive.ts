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

export interface AdagradOptions extends BaseOptions {
  /** Learning rate. Default: 1e-2. */
  lr: number;
  /** The rate of step t is lr / (1 + (t − 1)·lrDecay). Default: 0. */
  lrDecay: number;
  /** What the sum of squares starts from. Default: 0. */
  initialAccumulatorValue: number;
  /** Keeps the divisor from 0. Default: 1e-10. */
  eps: number;
}

const ADAGRAD_DEFAULTS: AdagradOptions = {
  lr: 1e-2,
  lrDecay: 0,
  initialAccumulatorValue: 0,
  eps: 1e-10,
  ...BASE_DEFAULTS,
};

/**
 * Adagrad (Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization",
 * 2011): steps divided by the root of the sum of all squared gradients so far.
 */
export class Adagrad extends Optimizer<AdagradOptions> {
  constructor(params: Params<AdagradOptions>, options: Partial<AdagradOptions> = {}) {
    super(params, fillOptions('Adagrad', ADAGRAD_DEFAULTS, options));
  }

  protected override checkOptions(options: AdagradOptions): void {
    for (const name of ['lrDecay', 'initialAccumulatorValue', 'eps'] as const) {
      checkNotNegative('Adagrad', name, options[name]);
    }
  }

  protected override get takes(): GradientKind {
    return 'both';
  }

  /** @internal */
  protected override plan({
    lr,
    lrDecay,
    initialAccumulatorValue,
    eps,
  }: AdagradOptions): UpdatePlan {
    return {
      rule: UpdateRule.adagrad,
      states: ['sum'],
      initialState: initialAccumulatorValue,
      scalars: { eps },
      factors: ({ step }) => [lr / (1 + (step - 1) * lrDecay)],
    };
  }
}

export interface AdadeltaOptions extends BaseOptions {
  /** Factor of the steps. Default: 1. */
  lr: number;
  /** Decay rate of both means of squares. Default: 0.9. */
  rho: number;
  /** Starts the steps and keeps the divisor from 0. Default: 1e-6. */
  eps: number;
}

const ADADELTA_DEFAULTS: AdadeltaOptions = { lr: 1, rho: 0.9, eps: 1e-6, ...BASE_DEFAULTS };

/**
 * Adadelta (Zeiler, "ADADELTA: an adaptive learning rate method", 2012): the size of a step is that of the last
 * steps, per size of the last gradients, so that it has the parameter's unit.
 */
export class Adadelta extends Optimizer<AdadeltaOptions> {
  constructor(params: Params<AdadeltaOptions>, options: Partial<AdadeltaOptions> = {}) {
    super(params, fillOptions('Adadelta', ADADELTA_DEFAULTS, options));
  }

  protected override checkOptions({ rho, eps }: AdadeltaOptions): void {
    if (!(rho >= 0 && rho <= 1)) {
      throw new ArgumentError(`Adadelta: rho is ${rho}, expected a number from 0 to 1`);
    }
    checkNotNegative('Adadelta', 'eps', eps);
  }

  /** @internal */
  protected override plan({ lr, rho, eps }: AdadeltaOptions): UpdatePlan {
    const states = ['square_avg', 'acc_delta'];
    return { rule: UpdateRule.adadelta, states, scalars: { lr, rho, eps } };
  }
}

export interface RMSpropOptions extends BaseOptions {
  /** Learning rate. Default: 1e-2. */
  lr: number;
  /** Decay rate of the mean of squares. Default: 0.99. */
  alpha: number;
  /** Keeps the divisor from 0. Default: 1e-8. */
  eps: number;
  /** Share of the last step that this one keeps. Default: 0. */
  momentum: number;
  /** Divides by the standard deviation of the gradient: its mean is subtracted. Default: false. */
  centered: boolean;
}

const RMSPROP_DEFAULTS: RMSpropOptions = {
  lr: 1e-2,
  alpha: 0.99,
  eps: 1e-8,
  momentum: 0,
  centered: false,
  ...BASE_DEFAULTS,
};

/**
 * RMSprop (Hinton, "Neural networks for machine learning", lecture 6, 2012; centred: Graves, "Generating sequences
 * with recurrent neural networks", 2013): steps divided by the root of the mean of squared gradients.
 */
export class RMSprop extends Optimizer<RMSpropOptions> {
  constructor(params: Params<RMSpropOptions>, options: Partial<RMSpropOptions> = {}) {
    super(params, fillOptions('RMSprop', RMSPROP_DEFAULTS, options));
  }

  protected override checkOptions(options: RMSpropOptions): void {
    for (const name of ['alpha', 'eps', 'momentum'] as const) {
      checkNotNegative('RMSprop', name, options[name]);
    }
    checkBoolean('RMSprop', 'centered', options.centered);
  }

  /** @internal */
  protected override plan({ lr, alpha, eps, momentum, centered }: RMSpropOptions): UpdatePlan {
    const states = ['square_avg'];
    if (centered) states.push('grad_avg');
    if (momentum === 0) {
      const rule = centered ? UpdateRule.rmspropCentered : UpdateRule.rmsprop;
      return { rule, states, scalars: { lr, alpha, eps } };
    }
    states.push('momentum_buffer');
    const rule = centered ? UpdateRule.rmspropCenteredMomentum : UpdateRule.rmspropMomentum;
    return { rule, states, scalars: { lr, alpha, eps, momentum } };
  }
}
