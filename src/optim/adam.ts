import { UpdateRule } from '../backend/kernels/index.js';
import { ArgumentError } from '../errors.js';
import {
  BASE_DEFAULTS,
  type BaseOptions,
  Optimizer,
  type Params,
  type UpdatePlan,
} from './optimizer.js';
import { checkBetas, checkBoolean, checkNotNegative, fillOptions } from './options.js';
import type { GradientKind } from './rows.js';

/** Options of the rules that keep running means of the gradient and of its size. */
export interface MomentsOptions extends BaseOptions {
  /** Decay rates of the running means of the gradient and of its square. Default: [0.9, 0.999]. */
  betas: readonly [number, number];
  /** Keeps the divisor from 0. Default: 1e-8. */
  eps: number;
}

export interface AdamOptions extends MomentsOptions {
  /** Learning rate. Default: 1e-3. */
  lr: number;
  /** Default: 0 for Adam (an L2 penalty, added to the gradient), 0.01 for AdamW (p shrinks by lr·weightDecay). */
  weightDecay: number;
  /** Divides by the largest mean square so far (Reddi et al. 2018). Default: false. */
  amsgrad: boolean;
}

const MOMENTS_DEFAULTS = { betas: [0.9, 0.999], eps: 1e-8, ...BASE_DEFAULTS } as const;
const DEFAULTS: AdamOptions = { lr: 1e-3, amsgrad: false, ...MOMENTS_DEFAULTS };

const MEAN = 'exp_avg';
const SQUARE = 'exp_avg_sq';

/** Base of the rules with running means of the gradient and of its square. */
abstract class MomentsOptimizer<O extends MomentsOptions> extends Optimizer<O> {
  protected override checkOptions({ betas, eps }: O): void {
    checkBetas(this.constructor.name, betas);
    checkNotNegative(this.constructor.name, 'eps', eps);
  }
}

/** Adam and AdamW, which differ in the place of the weight decay. */
abstract class AdamFamily extends MomentsOptimizer<AdamOptions> {
  /** True where weight decay is apart from the gradient. */
  protected abstract get isDecoupled(): boolean;

  protected override checkOptions(options: AdamOptions): void {
    super.checkOptions(options);
    checkBoolean(this.constructor.name, 'amsgrad', options.amsgrad);
  }

  /** @internal */
  protected override plan({ lr, betas, eps, amsgrad }: AdamOptions): UpdatePlan {
    const [beta1, beta2] = betas;
    return {
      rule: amsgrad ? UpdateRule.amsgrad : UpdateRule.adam,
      states: amsgrad ? [MEAN, SQUARE, 'max_exp_avg_sq'] : [MEAN, SQUARE],
      scalars: { beta1, beta2 },
      factors: ({ step }) => [lr / (1 - beta1 ** step), 1 / Math.sqrt(1 - beta2 ** step), eps],
      decoupled: this.isDecoupled,
    };
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
 * parameters shrink by lr·weightDecay of themselves at each step, independently of their gradients.
 */
export class AdamW extends AdamFamily {
  constructor(params: Params<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, fillOptions('AdamW', { ...DEFAULTS, weightDecay: 0.01 }, options));
  }

  protected override get isDecoupled(): boolean {
    return true;
  }
}

/** Options of {@link SparseAdam}; weightDecay and l1, which would change every row, have to stay 0. */
export interface SparseAdamOptions extends MomentsOptions {
  /** Learning rate. Default: 1e-3. */
  lr: number;
}

/**
 * Adam for the gradients of an `nn.Embedding` with `sparse: true`, as PyTorch has it: rows that did not occur are left
 * alone, and so are their running means, which do not decay meanwhile. The count of steps, for the correction of the
 * start, is the parameter's; eps is added to the root before the correction.
 *
 * @example
 * const optimizer = new optim.SparseAdam(embedding.parameters(), { lr: 1e-3 });
 */
export class SparseAdam extends MomentsOptimizer<SparseAdamOptions> {
  constructor(params: Params<SparseAdamOptions>, options: Partial<SparseAdamOptions> = {}) {
    const defaults: SparseAdamOptions = { lr: 1e-3, ...MOMENTS_DEFAULTS };
    super(params, fillOptions('SparseAdam', defaults, options));
  }

  protected override get takes(): GradientKind {
    return 'sparse';
  }

  protected override checkOptions(options: SparseAdamOptions): void {
    super.checkOptions(options);
    for (const name of ['weightDecay', 'l1'] as const) {
      if (options[name] === 0) continue;
      throw new ArgumentError(
        `SparseAdam: ${name} is ${options[name]}, expected 0: it would change every row at each step`,
      );
    }
  }

  /** @internal */
  protected override plan({ lr, betas: [beta1, beta2], eps }: SparseAdamOptions): UpdatePlan {
    return {
      rule: UpdateRule.adam,
      states: [MEAN, SQUARE],
      scalars: { beta1, beta2 },
      factors: ({ step }) => [(lr * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step), 1, eps],
    };
  }
}

export interface AdamaxOptions extends MomentsOptions {
  /** Learning rate. Default: 2e-3. */
  lr: number;
}

/** Adam with the largest gradient, decaying, in the place of the mean square (Kingma and Ba, 2015, section 7). */
export class Adamax extends MomentsOptimizer<AdamaxOptions> {
  constructor(params: Params<AdamaxOptions>, options: Partial<AdamaxOptions> = {}) {
    super(params, fillOptions<AdamaxOptions>('Adamax', { lr: 2e-3, ...MOMENTS_DEFAULTS }, options));
  }

  /** @internal */
  protected override plan({ lr, betas: [beta1, beta2], eps }: AdamaxOptions): UpdatePlan {
    return {
      rule: UpdateRule.adamax,
      states: [MEAN, 'exp_inf'],
      scalars: { beta1, beta2, eps },
      factors: ({ step }) => [lr / (1 - beta1 ** step)],
    };
  }
}

export interface NAdamOptions extends MomentsOptions {
  /** Learning rate. Default: 2e-3. */
  lr: number;
  /** How fast the momentum grows towards betas[0]. Default: 4e-3. */
  momentumDecay: number;
  /** Shrinks p by lr·weightDecay instead of adding weightDecay·p to the gradient. Default: false. */
  decoupledWeightDecay: boolean;
}

const NADAM_DEFAULTS: NAdamOptions = {
  lr: 2e-3,
  momentumDecay: 4e-3,
  decoupledWeightDecay: false,
  ...MOMENTS_DEFAULTS,
};

const MU_PRODUCT = 'mu_product';

/** Adam with Nesterov's momentum (Dozat, "Incorporating Nesterov momentum into Adam", 2016). */
export class NAdam extends MomentsOptimizer<NAdamOptions> {
  constructor(params: Params<NAdamOptions>, options: Partial<NAdamOptions> = {}) {
    super(params, fillOptions('NAdam', NADAM_DEFAULTS, options));
  }

  protected override checkOptions(options: NAdamOptions): void {
    super.checkOptions(options);
    checkNotNegative('NAdam', 'momentumDecay', options.momentumDecay);
    checkBoolean('NAdam', 'decoupledWeightDecay', options.decoupledWeightDecay);
  }

  /** @internal */
  protected override plan(options: NAdamOptions): UpdatePlan {
    const { lr, eps, momentumDecay } = options;
    const [beta1, beta2] = options.betas;
    const muAt = (step: number): number => beta1 * (1 - 0.5 * 0.96 ** (step * momentumDecay));
    return {
      rule: UpdateRule.nadam,
      states: [MEAN, SQUARE],
      numbers: { [MU_PRODUCT]: 1 },
      scalars: { beta1, beta2, eps },
      factors: ({ step, numbers }) => {
        const [mu, next] = [muAt(step), muAt(step + 1)];
        const product = (numbers.get(MU_PRODUCT) ?? 1) * mu;
        numbers.set(MU_PRODUCT, product);
        const gradientStep = (lr * (1 - mu)) / (1 - product);
        return [(lr * next) / (1 - product * next), gradientStep, 1 / Math.sqrt(1 - beta2 ** step)];
      },
      decoupled: options.decoupledWeightDecay,
    };
  }
}

export interface RAdamOptions extends MomentsOptions {
  /** Learning rate. Default: 1e-3. */
  lr: number;
  /** Shrinks p by lr·weightDecay instead of adding weightDecay·p to the gradient. Default: false. */
  decoupledWeightDecay: boolean;
}

const RADAM_DEFAULTS: RAdamOptions = {
  lr: 1e-3,
  decoupledWeightDecay: false,
  ...MOMENTS_DEFAULTS,
};

/**
 * Adam that leaves the divisor away until enough gradients have been seen to trust it, a warm-up of its own (Liu et
 * al., "On the variance of the adaptive learning rate and beyond", 2020).
 */
export class RAdam extends MomentsOptimizer<RAdamOptions> {
  constructor(params: Params<RAdamOptions>, options: Partial<RAdamOptions> = {}) {
    super(params, fillOptions('RAdam', RADAM_DEFAULTS, options));
  }

  protected override checkOptions(options: RAdamOptions): void {
    super.checkOptions(options);
    checkBoolean('RAdam', 'decoupledWeightDecay', options.decoupledWeightDecay);
  }

  /** @internal */
  protected override plan(options: RAdamOptions): UpdatePlan {
    const { lr, eps } = options;
    const [beta1, beta2] = options.betas;
    const longest = 2 / (1 - beta2) - 1;
    return {
      rule: UpdateRule.adam,
      states: [MEAN, SQUARE],
      scalars: { beta1, beta2 },
      factors: ({ step }) => {
        const stepSize = lr / (1 - beta1 ** step);
        const correction = 1 - beta2 ** step;
        // How many gradients the mean square is worth.
        const length = longest - (2 * step * beta2 ** step) / correction;
        // A divisor of 0·√v + 1 is none.
        if (length <= 5) return [stepSize, 0, 1];
        const rectified =
          ((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length);
        return [stepSize * Math.sqrt(correction * rectified), 1, eps];
      },
      decoupled: options.decoupledWeightDecay,
    };
  }
}
