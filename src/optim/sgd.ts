import { kernels } from '../backend/select.js';
import { ArgumentError } from '../tensor/errors.js';
import type { Batch } from './batch.js';
import { Optimizer, type Params } from './optimizer.js';
import { checkBoolean, checkNotNegative, fillOptions } from './options.js';

export interface SGDOptions {
  /** Learning rate. Default: 1e-3. */
  lr: number;
  /** Share of the last step's direction that this one keeps. Default: 0. */
  momentum: number;
  /** The gradient enters the momentum times 1 − dampening. Default: 0. */
  dampening: number;
  /** L2 penalty: weightDecay·p is added to the gradient. Default: 0. */
  weightDecay: number;
  /** Nesterov's momentum, which looks ahead; needs momentum, and no dampening. Default: false. */
  nesterov: boolean;
  /** Climbs instead of descending. Default: false. */
  maximize: boolean;
}

const DEFAULTS: SGDOptions = {
  lr: 1e-3,
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
  maximize: false,
};

const MOMENTUM = 'momentum_buffer';

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
    checkNotNegative('SGD', 'weightDecay', options.weightDecay);
    checkBoolean('SGD', 'nesterov', options.nesterov);
    checkBoolean('SGD', 'maximize', options.maximize);
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

  protected override stateNames(options: SGDOptions): readonly string[] {
    return options.momentum === 0 ? [] : [MOMENTUM];
  }

  protected override update(options: SGDOptions, batch: Batch): void {
    const hasMomentum = options.momentum !== 0;
    const first = batch.lacking(MOMENTUM);
    kernels().sgdStep(
      batch.params,
      batch.grads,
      hasMomentum ? batch.stateArrays(MOMENTUM) : [],
      first,
      batch.sizes,
      options.lr,
      options.momentum,
      options.dampening,
      options.nesterov ? 1 : 0,
      options.weightDecay,
      options.maximize ? 1 : 0,
    );
  }
}
