import { checkList, checkNumber, checkNumbers, checkObject } from '../arguments.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { tensor } from '../ops/creation.js';
import { indexSelect } from '../ops/indexing.js';
import { checkTensor } from '../ops/kit/define.js';
import { select } from '../ops/slice.js';
import { checkOptions, inWords, type OptionNames } from '../options.js';
import { Generator, permutation, randomUint32 } from '../tensor/random.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** Samples that can be had by number. */
export interface Dataset<T> {
  readonly length: number;
  /** Sample `index`, from 0 to length − 1. */
  get(index: number): T | Promise<T>;
}

/** A dataset that makes a whole batch at once, faster than from single samples. */
export interface BatchDataset<T, B> extends Dataset<T> {
  /** The samples of the given numbers as a batch. */
  batch(indices: Int32Array): B | Promise<B>;
}

/** Throws unless a dataset has a sample of that number. @internal */
export function checkSample(owner: string, index: number, length: number): void {
  if (Number.isInteger(index) && index >= 0 && index < length) return;
  throw new ArgumentError(
    `${owner}: there is no sample ${inWords(index)}, expected an integer from 0 to ${length - 1}`,
  );
}

/**
 * Tensors whose first axes are of one length; sample i is the i-th part of each.
 *
 * @example
 * const data = new TensorDataset(x, y);
 * for await (const [inputs, targets] of new DataLoader(data, { batchSize: 32, shuffle: true })) ...
 */
export class TensorDataset<const T extends readonly Tensor[]> implements BatchDataset<T, T> {
  readonly tensors: T;
  readonly length: number;

  /** @throws ShapeError if a tensor has no first axis, or one of another length */
  constructor(...tensors: T) {
    for (const [i, each] of tensors.entries()) checkTensor(each, 'TensorDataset', `tensor ${i}`);
    const length = tensors[0]?.shape[0];
    if (length === undefined || tensors.some((t) => t.shape[0] !== length)) {
      const shapes = tensors.map((t) => formatShape(t.shape)).join(', ');
      throw new ShapeError(
        `TensorDataset: got ${shapes || 'no tensors'}, expected tensors with one length of the first axis`,
      );
    }
    this.tensors = tensors;
    this.length = length;
  }

  get(index: number): T {
    checkSample('TensorDataset', index, this.length);
    return this.#each((t) => select(t, 0, index));
  }

  batch(indices: Int32Array): T {
    for (const index of indices) checkSample('TensorDataset', index, this.length);
    const index = tensor(indices);
    const parts = this.#each((t) => indexSelect(t, 0, index));
    index.dispose();
    return parts;
  }

  #each(part: (t: Tensor) => Tensor): T {
    return this.tensors.map(part) as readonly Tensor[] as T;
  }
}

/** The samples of the given numbers, in this order, as a dataset of its own. */
export function subset<T, B>(
  dataset: BatchDataset<T, B>,
  indices: ArrayLike<number>,
): BatchDataset<T, B>;
export function subset<T>(dataset: Dataset<T>, indices: ArrayLike<number>): Dataset<T>;
export function subset<T, B>(
  dataset: Dataset<T> | BatchDataset<T, B>,
  indices: ArrayLike<number>,
): Dataset<T> {
  checkObject('subset', 'the dataset', dataset, 'a Dataset');
  checkNumbers('subset', 'indices', indices);
  const wrong = Array.from(indices).find(
    (i) => !Number.isInteger(i) || i < 0 || i >= dataset.length,
  );
  if (wrong !== undefined) {
    throw new ArgumentError(
      `subset: index ${inWords(wrong)}, expected integers from 0 to ${dataset.length - 1}`,
    );
  }
  const chosen = Int32Array.from(indices);
  const single: Dataset<T> = {
    length: chosen.length,
    get: (index) => dataset.get(chosen[index] ?? -1),
  };
  if (!('batch' in dataset)) return single;
  const batched: BatchDataset<T, B> = {
    ...single,
    batch: (positions) => dataset.batch(positions.map((position) => chosen[position] ?? -1)),
  };
  return batched;
}

export interface RandomSplitOptions {
  /** The same seed gives the same parts. Default: drawn from the default generator (`manualSeed`). */
  seed?: number;
}

const SPLIT: OptionNames<RandomSplitOptions> = { seed: true };

/**
 * Deals a dataset out at random.
 *
 * @param parts sizes that add up to the length, or shares that add up to 1; what rounding leaves goes to the last
 *
 * @example
 * const [training, validation] = randomSplit(data, [0.9, 0.1], { seed: 1 });
 */
export function randomSplit<T, B, const S extends readonly number[]>(
  dataset: BatchDataset<T, B>,
  parts: S,
  options?: RandomSplitOptions,
): { -readonly [K in keyof S]: BatchDataset<T, B> };
export function randomSplit<T, const S extends readonly number[]>(
  dataset: Dataset<T>,
  parts: S,
  options?: RandomSplitOptions,
): { -readonly [K in keyof S]: Dataset<T> };
export function randomSplit<T>(
  dataset: Dataset<T>,
  parts: readonly number[],
  options: RandomSplitOptions = {},
): Dataset<T>[] {
  checkOptions('randomSplit', options, SPLIT);
  checkObject('randomSplit', 'the dataset', dataset, 'a Dataset');
  checkList('randomSplit', 'parts', parts, 'a list of sizes or shares');
  for (const part of parts) checkNumber('randomSplit', 'a part', part);
  const { seed = randomUint32() } = options;
  const sizes = sizesOf(parts, dataset.length);
  const order = permutation(dataset.length, new Generator(seed));
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return subset(dataset, order.subarray(start - size, start));
  });
}

function sizesOf(parts: readonly number[], length: number): readonly number[] {
  const sum = parts.reduce((a, b) => a + b, 0);
  const valid = parts.length > 0 && parts.every((part) => part >= 0);
  if (valid && sum === length && parts.every(Number.isInteger)) return parts;
  if (!valid || Math.abs(sum - 1) > 1e-6) {
    throw new ArgumentError(
      `randomSplit: parts [${parts.join(', ')}], expected sizes that add up to ${length} or shares that add up to 1`,
    );
  }
  const sizes = parts.map((part) => Math.floor(part * length + 1e-9));
  const left = length - sizes.reduce((a, b) => a + b, 0);
  return sizes.map((size, i) => (i === sizes.length - 1 ? size + left : size));
}
