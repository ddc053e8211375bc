import { checkFunction, checkObject } from '../arguments.js';
import { type FloatArray, UpdateRule } from '../backend/kernels/index.js';
import { backend, kernels } from '../backend/select.js';
import { ArgumentError } from '../errors.js';
import { fieldsOf, isCount, misfits, namedOf, noStateOf, reading } from '../io/savedState.js';
import { assign, clone, copyFrom } from '../ops/creation.js';
import { allFloatsForWriting, floats } from '../ops/kit/define.js';
import { inWords } from '../options.js';
import { Refusal } from '../refusals.js';
import { isFloat } from '../tensor/dtype.js';
import { runInContext } from '../tensor/scope.js';
import { Tensor } from '../tensor/tensor.js';
import { checkBoolean, fillOptions } from './options.js';
import { packScalars } from './scalars.js';

const REMEDY = 'expected the tensors of ema.stateDict()';
const REFUSAL = new Refusal('Ema', REMEDY);

/** What is averaged: anything with a live state dict, such as a Module. */
export interface AveragedModel {
  stateDict(): ReadonlyMap<string, Tensor>;
}

export interface EmaOptions {
  /** Share of the average that an update keeps. Default: 0.999. */
  decay: number;
  /**
   * Keeps less of it at first: at update t the smaller of decay and (1 + t)/(10 + t), so that the average soon
   * forgets the first weights. Default: false.
   */
  warmUp: boolean;
}

/** What an average has learnt; all but `tensors` is plain JSON. */
export interface EmaState {
  readonly type: 'Ema';
  /** Updates so far. */
  readonly updates: number;
  /** The averages by the names of the model's state dict. Live, not copies. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** A tensor of the model, its average, and its own values while the average takes their place. */
interface Entry {
  readonly live: Tensor;
  readonly average: Tensor;
  own: Tensor | null;
}

const DEFAULTS: EmaOptions = { decay: 0.999, warmUp: false };

/** Tensors in one kernel call: all of one dtype. */
interface Lists {
  readonly averages: Tensor[];
  readonly lives: FloatArray[];
  readonly sizes: number[];
}

/**
 * A running mean of a model's parameters and buffers, average = decay·average + (1 − decay)·value, which often does
 * better on new data than the last weights (Polyak and Juditsky, "Acceleration of stochastic approximation by
 * averaging", 1992). Buffers of integers are copied. One kernel call an update.
 *
 * @example
 * const ema = new optim.Ema(model, { decay: 0.999 });
 * // in the loop:
 * optimizer.step();
 * ema.update();
 * // to evaluate, or to save:
 * await ema.averaged(() => evaluate(model));
 */
export class Ema {
  /** Makes JSON, structuredClone and postMessage fail rather than lose the averages. @internal */
  readonly refusal = REFUSAL;
  readonly #options: EmaOptions;
  readonly #entries: ReadonlyMap<string, Entry>;
  #updates = 0;
  #isApplied = false;

  /**
   * Starts from the present values.
   * @throws ArgumentError for a decay out of range
   */
  constructor(model: AveragedModel, options: Partial<EmaOptions> = {}) {
    checkObject('Ema', 'the model', model, 'a Module');
    checkFunction('Ema', 'stateDict of the model', model.stateDict);
    this.#options = fillOptions('Ema', DEFAULTS, options);
    const { decay, warmUp } = this.#options;
    if (!(typeof decay === 'number' && decay >= 0 && decay <= 1)) {
      throw new ArgumentError(`Ema: decay is ${inWords(decay)}, expected a number from 0 to 1`);
    }
    if (typeof model?.stateDict !== 'function') {
      throw new ArgumentError(`Ema: the model is ${inWords(model)}, expected a Module`);
    }
    checkBoolean('Ema', 'warmUp', warmUp);
    this.#entries = runInContext(false, () => {
      const entries = new Map<string, Entry>();
      // A shared tensor has several names and one average.
      const known = new Map<Tensor, Entry>();
      for (const [name, live] of model.stateDict()) {
        const entry = known.get(live) ?? { live, average: clone(live).keep(), own: null };
        known.set(live, entry);
        entries.set(name, entry);
      }
      return entries;
    });
  }

  /** Updates so far. */
  get updates(): number {
    return this.#updates;
  }

  #each(): ReadonlySet<Entry> {
    return new Set(this.#entries.values());
  }

  /** Takes the model's present values into the average, after `optimizer.step()`. */
  update(): void {
    this.#requireOwnWeights('update');
    const t = this.#updates + 1;
    const { decay, warmUp } = this.#options;
    const kept = warmUp ? Math.min(decay, (1 + t) / (10 + t)) : decay;
    const byDType = new Map<string, Lists>();
    for (const { live, average } of this.#each()) {
      if (!isFloat(live.dtype)) {
        runInContext(false, () => assign(average, live));
        continue;
      }
      const lists = byDType.get(live.dtype) ?? { averages: [], lives: [], sizes: [] };
      byDType.set(live.dtype, lists);
      lists.averages.push(average);
      lists.lives.push(floats(live));
      lists.sizes.push(live.size);
    }
    const common = { sign: 1, l2: 0, l1: 0, shrink: 1 };
    const scalars = packScalars(common, { rule: UpdateRule.average, scalars: { fresh: 1 - kept } });
    for (const { averages, lives, sizes } of byDType.values()) {
      const none = new Float64Array(0);
      const counts = Int32Array.from(sizes);
      const arrays = allFloatsForWriting(averages);
      kernels().optimizerStep(arrays, [], lives, none, scalars, counts, UpdateRule.average);
    }
    this.#updates = t;
    backend().whenLeftOut(() => {
      this.#updates = t - 1;
    });
  }

  /** Puts the averages into the model, until {@link restore}. */
  apply(): void {
    this.#requireOwnWeights('apply');
    runInContext(false, () => {
      for (const entry of this.#each()) {
        entry.own = clone(entry.live).keep();
        copyFrom(entry.live, entry.average);
      }
    });
    this.#isApplied = true;
  }

  /** Puts the model's own values back. */
  restore(): void {
    if (!this.#isApplied) {
      throw new ArgumentError('Ema: restore() without apply(): the model has its own weights');
    }
    runInContext(false, () => {
      for (const entry of this.#each()) {
        if (entry.own === null) continue;
        copyFrom(entry.live, entry.own);
        entry.own.dispose();
        entry.own = null;
      }
    });
    this.#isApplied = false;
  }

  /** Runs `fn`, which may be async, with the averages in the model; its own values are back afterwards. */
  async averaged<T>(fn: () => T | Promise<T>): Promise<T> {
    this.apply();
    try {
      return await fn();
    } finally {
      this.restore();
    }
  }

  #requireOwnWeights(what: string): void {
    if (this.#isApplied) {
      throw new ArgumentError(`Ema: ${what}() while the model has the averages; restore() first`);
    }
  }

  /** The averages and the count of updates; `model.loadStateDict(ema.stateDict().tensors)` takes them for good. */
  stateDict(): EmaState {
    const tensors = new Map(Array.from(this.#entries, ([name, { average }]) => [name, average]));
    return { type: 'Ema', updates: this.#updates, tensors };
  }

  /**
   * Goes on from a saved state of the average of a like model.
   * @throws CheckpointError that lists what does not fit; nothing is loaded then
   */
  loadStateDict(saved: EmaState): void {
    runInContext(false, () => this.prepareStateDict(saved)());
  }

  /** Checks a saved state, and returns what takes it over. Call both in one context. @internal */
  prepareStateDict(saved: unknown): () => void {
    return reading('loadStateDict of this Ema', () => {
      const { type, updates, tensors } = fieldsOf('this Ema', saved, [
        'type',
        'updates',
        'tensors',
      ]);
      const faults: string[] = [];
      if (type !== 'Ema') faults.push(`it is one of ${inWords(type)}`);
      if (!isCount(updates)) faults.push(`updates is ${inWords(updates)}, expected a count`);
      const values = namedOf('this Ema', 'tensors', tensors);
      const averages = new Map(Array.from(this.#entries, ([name, { average }]) => [name, average]));
      for (const fault of misfits(averages, values)) faults.push(fault);
      if (faults.length > 0) throw noStateOf('this Ema', faults);
      const copies: [Tensor, Tensor][] = [];
      for (const [name, average] of averages) {
        const value = values.get(name);
        // A handle of its own; where the state is this average's own, there is nothing to copy.
        if (value instanceof Tensor && value !== average) copies.push([average, value.detach()]);
      }
      return () => {
        for (const [average, value] of copies) copyFrom(average, value);
        this.#updates = Number(updates);
      };
    });
  }

  /** Gives the memory of the averages back. */
  dispose(): void {
    if (this.#isApplied) this.restore();
    for (const { average } of this.#each()) average.dispose();
  }
}
