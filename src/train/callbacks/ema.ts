import type { Module } from '../../nn/module.js';
import { type EmaOptions, Ema as RunningMean } from '../../optim/ema.js';
import type { Callback, CallbackState } from '../loop/callback.js';

export interface EmaCallbackOptions extends EmaOptions {
  /** Whether the model has the averages when training ends. Default: true. */
  keepAverages: boolean;
}

/**
 * Averages the weights over the updates, by `optim.Ema`: validation judges the averages, training goes on with the
 * model's own weights, and at the end the model gets the averages for good. Where `EarlyStopping` restores weights,
 * too, the later of the two in the list has the last word.
 *
 * @example
 * callbacks: [new train.Ema(model, { decay: 0.999 })]
 */
export class Ema implements Callback {
  readonly ema: RunningMean;
  readonly #model: Module;
  readonly #keepAverages: boolean;
  #isApplied = false;

  /** @throws ArgumentError for a decay out of range */
  constructor(model: Module, options: Partial<EmaCallbackOptions> = {}) {
    const { keepAverages = true, ...rest } = options;
    this.ema = new RunningMean(model, rest);
    this.#model = model;
    this.#keepAverages = keepAverages;
  }

  onBatchEnd(): void {
    this.ema.update();
  }

  onValidationBegin(): void {
    this.ema.apply();
    this.#isApplied = true;
  }

  onValidationEnd(): void {
    this.ema.restore();
    this.#isApplied = false;
  }

  onTrainEnd(): void {
    if (this.#keepAverages) this.#model.loadStateDict(this.ema.stateDict().tensors);
  }

  onTrainError(): void {
    if (this.#isApplied) this.onValidationEnd();
  }

  stateDict(): CallbackState {
    const { updates, tensors } = this.ema.stateDict();
    return { values: { updates }, tensors };
  }

  loadStateDict({ values, tensors = new Map() }: CallbackState): void {
    this.ema.loadStateDict({ type: 'Ema', updates: Number(values?.updates), tensors });
  }
}
