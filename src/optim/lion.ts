import { UpdateRule } from '../backend/kernels/index.js';
import {
  BASE_DEFAULTS,
  type BaseOptions,
  Optimizer,
  type Params,
  type UpdatePlan,
} from './optimizer.js';
import { checkBetas, fillOptions } from './options.js';

export interface LionOptions extends BaseOptions {
  /** Learning rate, a third to a tenth of Adam's. Default: 1e-4. */
  lr: number;
  /** Share of the momentum in the step's direction, and decay rate of the momentum. Default: [0.9, 0.99]. */
  betas: readonly [number, number];
  /** Decoupled: p shrinks by lr·weightDecay; three to ten times AdamW's. Default: 0. */
  weightDecay: number;
}

const DEFAULTS: LionOptions = { lr: 1e-4, betas: [0.9, 0.99], ...BASE_DEFAULTS };

/**
 * Lion (Chen et al., "Symbolic discovery of optimization algorithms", 2023): every element moves by lr, along the sign
 * of a mix of the momentum and the gradient. It keeps one tensor for each parameter, where Adam keeps two.
 */
export class Lion extends Optimizer<LionOptions> {
  constructor(params: Params<LionOptions>, options: Partial<LionOptions> = {}) {
    super(params, fillOptions('Lion', DEFAULTS, options));
  }

  protected override checkOptions({ betas }: LionOptions): void {
    checkBetas('Lion', betas);
  }

  /** @internal */
  protected override plan({ lr, betas: [beta1, beta2] }: LionOptions): UpdatePlan {
    const states = ['exp_avg'];
    return { rule: UpdateRule.lion, states, scalars: { lr, beta1, beta2 }, decoupled: true };
  }
}
