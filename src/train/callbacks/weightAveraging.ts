import { fieldsOf, reading } from '../../io/savedState.js';
import type { Module } from '../../nn/module.js';
import { Ema, type EmaOptions } from '../../optim/ema.js';
import { checkOptions, type OptionNames } from '../../options.js';
import { noGrad } from '../../tensor/scope.js';
import type { Callback, CallbackState } from '../loop/callback.js';

export interface WeightAveragingOptions extends Partial<EmaOptions> {
  /** Whether the model has the averages when training ends. Default: true. */
  keepAverages?: boolean;
}

const NAMES: OptionNames<WeightAveragingOptions> = {
  decay: true,
  warmUp: true,
  keepAverages: true,
};

/**
 * Averages the weights over the updates, by `optim.Ema`: validation judges the averages, training goes on with the
 * model's own weights, and at the end the model gets the averages for good. Where `EarlyStopping` restores weights,
 * too, the later of the two in the list has the last word.
 *
 * @example
 * callbacks: [new train.WeightAveraging(model, { decay: 0.999 })]
 */
export class WeightAveraging implements Callback {
  readonly ema: Ema;
  readonly #model: Module;
  readonly #keepAverages: boolean;
  #isApplied = false;

  /** @throws ArgumentError for options that are unknown or out of range */
  constructor(model: Module, options: WeightAveragingOptions = {}) {
    checkOptions('WeightAveraging', options, NAMES);
    const { keepAverages = true, ...rest } = options;
    this.ema = new Ema(model, rest);
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

  loadStateDict(state: CallbackState): void {
    noGrad(() => this.prepareStateDict(state)());
  }

  /** Checks a saved state, and returns what takes it over. */
  prepareStateDict(state: CallbackState): () => void {
    return reading('WeightAveraging', () => {
      const fields = fieldsOf('WeightAveraging', state, ['values', 'tensors']);
      const { updates } = fieldsOf('WeightAveraging', fields.values, ['updates']);
      return this.ema.prepareStateDict({ type: 'Ema', updates, tensors: fields.tensors });
    });
  }
}
