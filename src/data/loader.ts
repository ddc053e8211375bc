import { clearImmediate, setImmediate } from 'node:timers';
import { checkObject } from '../arguments.js';
import { ArgumentError } from '../errors.js';
import { fieldsOf, isCount, noStateOf, reading } from '../io/savedState.js';
import { PHILOX_LANES } from '../numeric/philox.js';
import { checkOptions, inWords, type OptionNames } from '../options.js';
import { Generator, permutation, randomUint32, withGenerator } from '../tensor/random.js';
import { noGrad, scope } from '../tensor/scope.js';
import { markLent } from '../tensor/tensor.js';
import { type Collated, collate } from './collate.js';
import type { BatchDataset, Dataset } from './dataset.js';

export interface DataLoaderOptions<T, B> {
  /** Samples in a batch; default 1. */
  batchSize?: number;
  /** Whether each epoch goes through the samples in a random order of its own; default false. */
  shuffle?: boolean;
  /**
   * Of the random order, and of all that `transform`, `collate` and the dataset draw: the same seed gives the same
   * batches in epoch i, always. By default drawn from the default generator (`manualSeed`).
   */
  seed?: number;
  /** Whether to leave out the last batch if it is smaller; default false. */
  dropLast?: boolean;
  /** Whether to make the next batch while the current one is worked on; default true. */
  prefetch?: boolean;
  /** Makes a batch of samples, in place of the dataset's own way or {@link collate}. */
  collate?: (samples: T[]) => B | Promise<B>;
  /** Changes a batch before it is handed out: augmentation, normalisation. */
  transform?: (batch: B) => B | Promise<B>;
}

const NAMES: OptionNames<DataLoaderOptions<unknown, unknown>> = {
  batchSize: true,
  shuffle: true,
  seed: true,
  dropLast: true,
  prefetch: true,
  collate: true,
  transform: true,
};

/** Where a loader is, as JSON; see {@link DataLoader.stateDict}. */
export interface DataLoaderState {
  readonly [name: string]: number;
  readonly seed: number;
  readonly epoch: number;
  /** Batches of the epoch that were handed out. */
  readonly position: number;
  readonly batchSize: number;
  /** Samples of the dataset. */
  readonly samples: number;
}

/** Random blocks that are set aside for one batch, and where those of the batches begin. */
const BATCH_BLOCKS = 2 ** 20;
const BATCH_STREAMS = 2 ** 50;
/** Batches, of all epochs, that a saved state may have behind it: half of what there are random blocks for. */
const MOST_BATCHES = 2 ** 32;

const STATE_NAMES = ['seed', 'epoch', 'position', 'batchSize', 'samples'] as const;

const isSeed = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

/**
 * Goes through a dataset in batches, once per `for await`, which is an epoch.
 *
 * A batch is handed out on loan: its tensors are freed when the next one is asked for, or the loop ends;
 * call `keep()` on those that you need for longer.
 *
 * `epoch` and `position` say where it is. Saved with a checkpoint and set again, they make the next loop go on
 * with the batch that would have followed.
 *
 * @example
 * const loader = new DataLoader(new TensorDataset(x, y), { batchSize: 64, shuffle: true, seed: 1 });
 * for (let epoch = 0; epoch < 3; epoch++) {
 *   for await (const [inputs, targets] of loader) { ... }
 * }
 */
export class DataLoader<T, B = Collated<T>> implements AsyncIterable<B> {
  readonly dataset: Dataset<T> | BatchDataset<T, B>;
  readonly batchSize: number;

  #seed: number;
  readonly #isShuffled: boolean;
  readonly #prefetches: boolean;
  readonly #dropsLast: boolean;
  readonly #collate: DataLoaderOptions<T, B>['collate'];
  readonly #transform: DataLoaderOptions<T, B>['transform'];
  #epoch = 0;
  #position = 0;
  /** Samples that the dataset had when the epoch under way began. */
  #epochSamples: number | null = null;
  /** Where the next loop starts: 0 unless the position was set. */
  #start = 0;

  constructor(dataset: Dataset<T> | BatchDataset<T, B>, options: DataLoaderOptions<T, B> = {}) {
    checkOptions('DataLoader', options, NAMES);
    const { batchSize = 1, shuffle = false, dropLast = false, prefetch = true } = options;
    checkObject('DataLoader', 'the dataset', dataset, 'a Dataset');
    this.dataset = dataset;
    this.batchSize = natural('batchSize', batchSize, 1);
    const drawsOwnSeed = shuffle || options.transform || options.collate;
    this.#seed = natural('seed', options.seed ?? (drawsOwnSeed ? randomUint32() : 0), 0);
    this.#isShuffled = shuffle;
    this.#prefetches = prefetch;
    this.#collate = options.collate;
    this.#transform = options.transform;
    this.#dropsLast = dropLast;
  }

  /** Batches of an epoch. A dataset may grow or shrink between epochs: each goes through what is there at its start. */
  get length(): number {
    return this.#batchesOf(this.#samples);
  }

  /** Samples of the epoch that is under way, or of the next one. */
  get #samples(): number {
    return this.#epochSamples ?? this.dataset.length;
  }

  #batchesOf(samples: number): number {
    const batches = samples / this.batchSize;
    return this.#dropsLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** Of the random order, and of what is drawn to make batches. */
  get seed(): number {
    return this.#seed;
  }

  /** Number of the epoch that is under way, or of the next one; from 0. */
  get epoch(): number {
    return this.#epoch;
  }

  set epoch(epoch: number) {
    this.#epoch = natural('epoch', epoch, 0);
  }

  /** Batches of this epoch that were handed out. */
  get position(): number {
    return this.#position;
  }

  set position(position: number) {
    this.#position = natural('position', position, 0);
    this.#start = position;
  }

  /** Where it is, for checkpoints: with it, another loader of the same data goes on with the batch that follows. */
  stateDict(): DataLoaderState {
    const { seed, epoch, position, batchSize } = this;
    return { seed, epoch, position, batchSize, samples: this.#samples };
  }

  /**
   * Goes on from a saved state. In the middle of an epoch, data and batch size have to be what they were.
   * @throws CheckpointError that says what differs; nothing changes then
   */
  loadStateDict(state: unknown): void {
    this.prepareStateDict(state)();
  }

  /** Checks a saved state, whatever was given as one, and returns what takes it over. @internal */
  prepareStateDict(state: unknown): () => void {
    const owner = 'this DataLoader';
    return reading(`loadStateDict of ${owner}`, () => {
      const own = this.stateDict();
      const given = typeof state === 'object' && state !== null ? state : {};
      const saved = fieldsOf(owner, given, STATE_NAMES);
      const faults: string[] = [];
      for (const name of STATE_NAMES) {
        const value = saved[name];
        const fits = name === 'seed' ? isSeed(value) : isCount(value);
        const isSize = name === 'batchSize' || name === 'samples';
        if (!fits) faults.push(`${name} is ${inWords(value)}, expected an integer ≥ 0`);
        else if (isSize && value !== own[name] && saved.position !== 0) {
          faults.push(`${name} was ${String(value)}, and is ${own[name]}`);
        }
      }
      const [seed, epoch, position] = [saved.seed, saved.epoch, saved.position].map(Number);
      if (Number(position) > this.length) {
        faults.push(`batch ${position} of ${this.length} would follow`);
      }
      // Beyond them the random numbers that are set aside for batches would end.
      const most = Math.floor(MOST_BATCHES / Math.max(1, this.length, own.samples / PHILOX_LANES));
      if (Number(epoch) > most) faults.push(`epoch is ${epoch}, expected at most ${most}`);
      if (faults.length > 0) throw noStateOf(owner, faults);
      return () => {
        this.#seed = Number(seed);
        this.epoch = Number(epoch);
        this.position = Number(position);
      };
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<B, void, undefined> {
    // An epoch that was broken off is over, unless the position was set.
    if (this.#start === 0 && this.#position > 0) this.#epoch++;
    let at = this.#start;
    this.#position = at;
    this.#start = 0;
    const order = this.#order();
    this.#epochSamples = order.length;
    const { length } = this;
    const loan = () => {
      const begin = at * this.batchSize;
      const indices = order.subarray(begin, begin + this.batchSize);
      const generator = this.#generatorOf(at, length);
      return new Loan(() => withGenerator(generator, () => this.#load(indices)));
    };

    let current = at < length ? loan() : null;
    let next: Loan<B> | null = null;
    try {
      while (current) {
        const batch = await current.take();
        at++;
        this.#position = at;
        next = at < length ? loan() : null;
        if (this.#prefetches) next?.prefetch();
        yield batch;
        current.end();
        current = next;
      }
      this.#epoch++;
      this.#position = 0;
    } finally {
      this.#epochSamples = null;
      current?.end();
      next?.end();
    }
  }

  /** The numbers of the samples as this epoch goes through them. */
  #order(): Int32Array {
    const { length } = this.dataset;
    if (!this.#isShuffled) return Int32Array.from({ length }, (_, i) => i);
    // As if the orders of all epochs before had been drawn.
    const generator = new Generator(this.seed);
    generator.advance(this.#epoch * Math.ceil(length / PHILOX_LANES));
    return permutation(length, generator);
  }

  /**
   * What batch `at` of this epoch draws from: one of its own, so that it is the same whenever it is made, before or
   * after the training step on the batch before it.
   */
  #generatorOf(at: number, length: number): Generator {
    const generator = new Generator(this.seed);
    generator.advance(BATCH_STREAMS + (this.#epoch * length + at) * BATCH_BLOCKS);
    return generator;
  }

  async #load(indices: Int32Array): Promise<B> {
    const transform = this.#transform;
    const batch = await this.#batch(indices);
    return transform ? transform(batch) : batch;
  }

  async #batch(indices: Int32Array): Promise<B> {
    const { dataset } = this;
    const custom = this.#collate;
    if (!custom && 'batch' in dataset) return dataset.batch(indices);
    const samples = await Promise.all(Array.from(indices, (index) => dataset.get(index)));
    // Without a collate of the user's, B is what ours makes.
    return custom ? custom(samples) : (collate(samples) as B);
  }
}

function natural(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new ArgumentError(`DataLoader: ${name} is ${value}, expected an integer ≥ ${least}`);
}

/** A batch in the making or in use: a scope held open from its start until nobody needs it. */
class Loan<B> {
  readonly #load: () => Promise<B>;
  #batch: Promise<B> | null = null;
  #waiting: NodeJS.Immediate | undefined;
  #end = () => {};

  constructor(load: () => Promise<B>) {
    this.#load = load;
  }

  /** Starts as soon as the code that runs now waits for something. */
  prefetch(): void {
    this.#waiting = setImmediate(() => {
      // A fault is reported to whoever takes the batch; nobody has to.
      this.take().catch(() => {});
    });
  }

  /** The batch, started if that has not happened yet. */
  take(): Promise<B> {
    clearImmediate(this.#waiting);
    this.#batch ??= new Promise<B>((resolve, reject) => {
      const ended = new Promise<void>((end) => {
        this.#end = end;
      });
      scope(async () => {
        const batch = await noGrad(this.#load);
        markLent(batch, 'DataLoader');
        resolve(batch);
        await ended;
      }).catch(reject);
    });
    return this.#batch;
  }

  /** Frees the batch, also one that is still in the making. */
  end(): void {
    clearImmediate(this.#waiting);
    this.#end();
  }
}
