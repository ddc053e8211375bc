import { ShapeError } from '../errors.js';
import { tensor } from '../ops/creation.js';
import { indexSelect } from '../ops/indexing.js';
import { checkTensor } from '../ops/kit/define.js';
import { checkInteger } from '../ops/kit/options.js';
import { narrow, select } from '../ops/slice.js';
import { reshape } from '../ops/view.js';
import { checkOptions, type OptionNames } from '../options.js';
import { dim, formatShape } from '../tensor/shape.js';
import { markLent, Tensor } from '../tensor/tensor.js';
import { type BatchDataset, checkSample } from './dataset.js';

/** A sequence in the order of time: numbers, or a tensor whose first axis is the time. */
export type Sequence = Int32Array | Float32Array | Tensor;

/** What a model is shown, and the same one step later: what it is to say. */
export type NextStepBatch = readonly [input: Tensor, target: Tensor];

/** The sequence as a tensor that lives until nobody refers to it. @internal */
export function sequenceTensor(sequence: Sequence, owner: string): Tensor {
  const made = sequence instanceof Tensor ? sequence : tensor(sequence);
  checkTensor(made, owner, 'the sequence');
  if (made.rank === 0) {
    throw new ShapeError(`${owner}: the sequence is a scalar, expected an axis of time`);
  }
  return made.keep();
}

export interface WindowOptions {
  /** Steps from the start of a window to that of the next. Default: 1, every window that there is. */
  stride?: number;
}

const WINDOW: OptionNames<WindowOptions> = { stride: true };

/**
 * All windows of a sequence, each with the same window one step later as its target: shuffled by a
 * {@link DataLoader} they are random windows, batches [B, length, ...].
 *
 * @example
 * const windows = new WindowDataset(vocabulary.encode(text), 64);
 * for await (const [x, y] of new DataLoader(windows, { batchSize: 32, shuffle: true })) ...
 */
export class WindowDataset implements BatchDataset<NextStepBatch, NextStepBatch> {
  /** Number of windows. */
  readonly length: number;
  readonly #sequence: Tensor;
  readonly #window: number;
  readonly #stride: number;

  /**
   * @param length time steps of a window
   * @throws ShapeError if the sequence is shorter than a window and its target
   */
  constructor(sequence: Sequence, length: number, options: WindowOptions = {}) {
    checkOptions('WindowDataset', options, WINDOW);
    const { stride = 1 } = options;
    checkInteger(length, 'length', 'WindowDataset', 1);
    checkInteger(stride, 'stride', 'WindowDataset', 1);
    this.#sequence = sequenceTensor(sequence, 'WindowDataset');
    this.#window = length;
    this.#stride = stride;
    const steps = dim(this.#sequence.shape, 0);
    if (steps < length + 1) {
      throw new ShapeError(
        `WindowDataset: the sequence has ${steps} steps, expected at least ${length + 1}: a window of ${length}, and the step after it`,
      );
    }
    this.length = Math.floor((steps - length - 1) / stride) + 1;
  }

  get(index: number): NextStepBatch {
    const [input, target] = this.batch(Int32Array.of(index));
    return [select(input, 0, 0), select(target, 0, 0)];
  }

  batch(indices: Int32Array): NextStepBatch {
    const steps = this.#window;
    const places = new Int32Array(indices.length * steps);
    for (const [row, index] of indices.entries()) {
      checkSample(this.constructor.name, index, this.length);
      for (let t = 0; t < steps; t++) places[row * steps + t] = index * this.#stride + t;
    }
    const rest = this.#sequence.shape.slice(1);
    const at = (shifted: Int32Array): Tensor =>
      reshape(indexSelect(this.#sequence, 0, tensor(shifted)), [indices.length, steps, ...rest]);
    const input = at(places);
    return [input, at(places.map((place) => place + 1))];
  }
}

export interface StreamOptions {
  /** Streams that are read side by side: rows of a batch. Default: 1. */
  batchSize?: number;
  /** How often to go through the sequence; Infinity is fine. Default: 1. */
  epochs?: number;
}

const STREAM: OptionNames<StreamOptions> = { batchSize: true, epochs: true };

/** A piece of several streams side by side. */
export interface StreamChunk {
  /** [batchSize, chunk, ...]; the last chunk of a pass is shorter where it does not divide. */
  readonly input: Tensor;
  /** The same, one step later. */
  readonly target: Tensor;
  /** True where the streams start over: nothing that came before goes on. */
  readonly reset: boolean;
}

/**
 * Cuts a sequence into `batchSize` long pieces and reads them side by side, chunk by chunk, so that row i of a
 * chunk goes on where row i of the chunk before has stopped: for models that carry their state along (see
 * `train.truncatedBptt`). What is left over at the end of the sequence is not read. A chunk is handed out on loan:
 * its tensors are freed when the next one is asked for, or the loop ends; call `keep()` on those that you need for
 * longer.
 *
 * @example
 * const stream = new StreamBatches(vocabulary.encode(text), 64, { batchSize: 32, epochs: 2 });
 */
export class StreamBatches implements Iterable<StreamChunk> {
  /** Chunks of a pass. */
  readonly length: number;
  readonly #inputs: Tensor;
  readonly #targets: Tensor;
  readonly #chunk: number;
  readonly #epochs: number;

  /**
   * @param chunk time steps of a chunk
   * @throws ShapeError if the sequence has no step and target for each row
   */
  constructor(sequence: Sequence, chunk: number, options: StreamOptions = {}) {
    checkOptions('StreamBatches', options, STREAM);
    const { batchSize = 1, epochs = 1 } = options;
    checkInteger(batchSize, 'batchSize', 'StreamBatches', 1);
    checkInteger(chunk, 'chunk', 'StreamBatches', 1);
    if (epochs !== Number.POSITIVE_INFINITY) checkInteger(epochs, 'epochs', 'StreamBatches', 1);
    const whole = sequenceTensor(sequence, 'StreamBatches');
    const steps = dim(whole.shape, 0);
    const perRow = Math.floor((steps - 1) / batchSize);
    if (perRow < 1) {
      throw new ShapeError(
        `StreamBatches: a sequence ${formatShape(whole.shape)} cannot be cut into ${batchSize} rows, expected at least ${batchSize + 1} steps`,
      );
    }
    const rows = (start: number): Tensor => {
      const part = narrow(whole, 0, start, batchSize * perRow);
      const cut = reshape(part, [batchSize, perRow, ...whole.shape.slice(1)]);
      part.dispose();
      return cut.keep();
    };
    this.#inputs = rows(0);
    this.#targets = rows(1);
    this.#chunk = chunk;
    this.#epochs = epochs;
    this.length = Math.ceil(perRow / chunk);
  }

  *[Symbol.iterator](): Generator<StreamChunk, void, undefined> {
    const perRow = dim(this.#inputs.shape, 1);
    for (let epoch = 0; epoch < this.#epochs; epoch++) {
      for (let start = 0; start < perRow; start += this.#chunk) {
        const steps = Math.min(this.#chunk, perRow - start);
        const input = narrow(this.#inputs, 1, start, steps);
        const target = narrow(this.#targets, 1, start, steps);
        markLent([input, target], 'StreamBatches');
        try {
          yield { input, target, reset: start === 0 };
        } finally {
          for (const part of [input, target]) if (!part.kept) part.dispose();
        }
      }
    }
  }
}
