import { kernels } from '../backend/select.js';
import type { Batch } from './batch.js';
import { Optimizer, type Params } from './optimizer.js';
import { checkBoolean, checkDecayRate, checkNotNegative, fillOptions } from './options.js';

export interface AdamOptions {
  /** Learning rate. Default: 1e-3. */
  lr: number;
  /** Decay rates of the running means of the gradient and of its square. Default: [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Keeps the divisor from 0. Default: 1e-8. */
  eps: number;
  /** Default: 0 for Adam (an L2 penalty, added to the gradient), 0.01 for AdamW (p shrinks by lr·weightDecay). */
  weightDecay: number;
  /** Divides by the largest mean square so far (Reddi et al. 2018). Default: false. */
  amsgrad: boolean;
  /** Climbs instead of descending. Default: false. */
  maximize: boolean;
}

const DEFAULTS: AdamOptions = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
};

const MEAN = 'exp_avg';
const SQUARE = 'exp_avg_sq';
const LARGEST_SQUARE = 'max_exp_avg_sq';

/** 1 − βᵗ for the step count t of each parameter. */
function biasCorrections(beta: number, batch: Batch): Float64Array {
  const corrections = new Float64Array(batch.length);
  let step = 0;
  let correction = 0;
  for (let i = 0; i < corrections.length; i++) {
    const own = batch.states[i]?.step ?? 0;
    if (own !== step) {
      step = own;
      correction = 1 - beta ** own;
    }
    corrections[i] = correction;
  }
  return corrections;
}

/** Adam and AdamW, which differ in the place of the weight decay. */
abstract class AdamFamily extends Optimizer<AdamOptions> {
  /** True where weight decay is apart from the gradient. */
  protected abstract get isDecoupled(): boolean;

  protected override checkOptions(options: AdamOptions): void {
    const name = this.constructor.name;
    checkDecayRate(name, 'betas[0]', options.betas[0]);
    checkDecayRate(name, 'betas[1]', options.betas[1]);
    checkNotNegative(name, 'eps', options.eps);
    checkNotNegative(name, 'weightDecay', options.weightDecay);
    checkBoolean(name, 'amsgrad', options.amsgrad);
    checkBoolean(name, 'maximize', options.maximize);
  }

  protected override stateNames(options: AdamOptions): readonly string[] {
    return options.amsgrad ? [MEAN, SQUARE, LARGEST_SQUARE] : [MEAN, SQUARE];
  }

  protected override update(options: AdamOptions, batch: Batch): void {
    for (const state of batch.states) state.step++;
    const [beta1, beta2] = options.betas;
    kernels().adamStep(
      batch.params,
      batch.grads,
      batch.stateArrays(MEAN),
      batch.stateArrays(SQUARE),
      options.amsgrad ? batch.stateArrays(LARGEST_SQUARE) : [],
      biasCorrections(beta1, batch),
      biasCorrections(beta2, batch),
      batch.sizes,
      options.lr,
      beta1,
      beta2,
      options.eps,
      options.weightDecay,
      this.isDecoupled ? 1 : 0,
      options.maximize ? 1 : 0,
    );
  }
}

/**
 * Adam (Kingma and Ba, "Adam: a method for stochastic optimization", 2015): steps of the running mean of the
 * gradient, divided by the root of that of its square, both corrected for their start at zero. Weight decay is
 * an L2 penalty.
 *
 * @example
 * const optimizer = new optim.Adam(model.parameters(), { lr: 3e-4 });
 */
export class Adam extends AdamFamily {
  constructor(params: Params<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, fillOptions('Adam', DEFAULTS, options));
  }

  protected override get isDecoupled(): boolean {
    return false;
  }
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019): the
 * parameters shrink by lr·weightDecay of themselves at each step, whatever their gradients.
 */
export class AdamW extends AdamFamily {
  constructor(params: Params<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, fillOptions('AdamW', { ...DEFAULTS, weightDecay: 0.01 }, options));
  }

  protected override get isDecoupled(): boolean {
    return true;
  }
}
