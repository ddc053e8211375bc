import { isFloat32Array, isInt32Array } from 'node:util/types';
import { checkList } from '../arguments.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { greatest } from '../numeric/extremes.js';
import { tensor } from '../ops/creation.js';
import { checkInteger } from '../ops/kit/options.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Tensor } from '../tensor/tensor.js';
import type { BatchDataset } from './dataset.js';

/** Numbers in the order of time: class indices, or a signal. */
export type NumberSequence = Int32Array | Float32Array;

export interface PadSequenceOptions {
  /** What comes after the end of shorter sequences. Default: 0. */
  value?: number;
  /** Whether the batch is the first axis: [B, T] rather than [T, B]. Default: false, as in PyTorch. */
  batchFirst?: boolean;
}

const PAD: OptionNames<PadSequenceOptions> = { value: true, batchFirst: true };

/** Sequences of different lengths in one tensor. */
export interface PaddedBatch {
  readonly values: Tensor;
  /** Steps of each sequence. */
  readonly lengths: number[];
}

/**
 * Puts sequences of different lengths into one tensor, as `torch.nn.utils.rnn.pad_sequence`: [T, B], or [B, T],
 * T being the longest, and tells their lengths, which recurrent layers take.
 *
 * @throws ArgumentError if there are no sequences, or they are of different kinds
 * @throws ShapeError if one is empty
 */
export function padSequence(
  sequences: readonly NumberSequence[],
  options: PadSequenceOptions = {},
): PaddedBatch {
  checkOptions('padSequence', options, PAD);
  const { value = 0, batchFirst = false } = options;
  checkList('padSequence', 'the sequences', sequences);
  const [first] = sequences;
  if (first === undefined) throw new ArgumentError('padSequence: there are no sequences');
  const isInteger = isInt32Array(first);
  const lengths = sequences.map((sequence, i) => {
    if (!(isInteger ? isInt32Array(sequence) : isFloat32Array(sequence))) {
      throw new ArgumentError(
        `padSequence: sequence ${i} is no ${isInteger ? 'Int32Array' : 'Float32Array'} like the others`,
      );
    }
    if (sequence.length === 0) throw new ShapeError(`padSequence: sequence ${i} is empty`);
    return sequence.length;
  });
  const steps = greatest(lengths);
  const [stepStride, rowStride] = batchFirst ? [1, steps] : [sequences.length, 1];
  const count = steps * sequences.length;
  const padded = isInteger ? new Int32Array(count) : new Float32Array(count);
  padded.fill(value);
  for (const [row, sequence] of sequences.entries()) {
    for (const [t, number] of sequence.entries()) {
      padded[row * rowStride + t * stepStride] = number;
    }
  }
  const shape = batchFirst ? [sequences.length, steps] : [steps, sequences.length];
  return { values: tensor(padded, { shape }), lengths };
}

export interface SequenceDatasetOptions {
  /** What input is padded with: any number that the model knows, since it is not read. Default: 0. */
  padding?: number;
  /** What targets are padded with: crossEntropy's `ignoreIndex`. Default: −100. */
  targetPadding?: number;
}

const DATASET: OptionNames<SequenceDatasetOptions> = { padding: true, targetPadding: true };

/** Sequences, batch first, with the same one step later as target. */
export interface SequenceBatch {
  /** [B, T] int32 */
  readonly input: Tensor;
  /** [B, T] int32: the step after each; padded so that crossEntropy ignores it. */
  readonly target: Tensor;
  /** Steps of each row. */
  readonly lengths: number[];
}

function checkSteps(sequence: Int32Array, index: number): void {
  if (!isInt32Array(sequence)) {
    throw new ArgumentError(`SequenceDataset: sequence ${index} is no Int32Array`);
  }
  if (sequence.length >= 2) return;
  throw new ShapeError(
    `SequenceDataset: sequence ${index} has ${sequence.length} steps, expected at least 2`,
  );
}

/**
 * Whole sequences of different lengths, such as names, to learn the next step of each: batches are as long as
 * their longest sequence.
 *
 * @example
 * const names = new SequenceDataset(lines.map((name) => vocabulary.encode(`\n${name}\n`)));
 * for await (const { input, target, lengths } of new DataLoader(names, { batchSize: 32, shuffle: true })) ...
 */
export class SequenceDataset implements BatchDataset<Int32Array, SequenceBatch> {
  readonly #sequences: readonly Int32Array[];
  readonly #padding: number;
  readonly #targetPadding: number;

  /** @throws ShapeError if a sequence has fewer than two steps: one to read, one to say */
  constructor(sequences: readonly Int32Array[], options: SequenceDatasetOptions = {}) {
    checkOptions('SequenceDataset', options, DATASET);
    const { padding = 0, targetPadding = -100 } = options;
    checkInteger(padding, 'padding', 'SequenceDataset', 0);
    checkList('SequenceDataset', 'the sequences', sequences);
    for (const [i, sequence] of sequences.entries()) checkSteps(sequence, i);
    this.#sequences = sequences;
    this.#padding = padding;
    this.#targetPadding = targetPadding;
  }

  /** As many as the list has by now. */
  get length(): number {
    return this.#sequences.length;
  }

  get(index: number): Int32Array {
    const sequence = this.#sequences[index];
    if (sequence === undefined) {
      throw new ArgumentError(
        `SequenceDataset: there is no sequence ${index}, expected 0 to ${this.length - 1}`,
      );
    }
    checkSteps(sequence, index);
    return sequence;
  }

  batch(indices: Int32Array): SequenceBatch {
    const chosen = Array.from(indices, (index) => this.get(index));
    const pad = (value: number, part: (sequence: Int32Array) => Int32Array) =>
      padSequence(chosen.map(part), { value, batchFirst: true });
    const { values: input, lengths } = pad(this.#padding, (sequence) => sequence.subarray(0, -1));
    const { values: target } = pad(this.#targetPadding, (sequence) => sequence.subarray(1));
    return { input, target, lengths };
  }
}
