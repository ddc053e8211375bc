import { checkList } from '../arguments.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { tensor } from '../ops/creation.js';
import { stack } from '../ops/join.js';
import { isPlainObject } from '../realm.js';
import { dtypeOf, hasDType, newArray } from '../tensor/dtype.js';
import { Tensor } from '../tensor/tensor.js';

/** What {@link collate} makes of samples of type T. */
export type Collated<T> = T extends Tensor | number | boolean | ArrayBufferView
  ? Tensor
  : T extends string
    ? string[]
    : T extends readonly unknown[] | Readonly<Record<string, unknown>>
      ? { -readonly [K in keyof T]: Collated<T[K]> }
      : never;

/**
 * Samples of one form as a batch of that form: tensors are stacked along a new first axis; typed arrays become
 * rows of one tensor of their kind; numbers become a float32 vector (for class indices give int32 scalars,
 * `tensor(3, { dtype: 'int32' })`); strings become a list; lists and plain objects are batched item by item.
 *
 * @throws ArgumentError, ShapeError if the samples differ in form
 */
export function collate<T>(samples: readonly T[]): Collated<T> {
  checkList('collate', 'the samples', samples);
  return batchOf(samples) as Collated<T>;
}

function batchOf(samples: readonly unknown[]): unknown {
  const [first] = samples;
  if (samples.length === 0) throw new ArgumentError('collate: no samples');
  if (allOf(samples, (s): s is Tensor => s instanceof Tensor)) return stack(samples);
  if (allOf(samples, (s) => typeof s === 'number' || typeof s === 'boolean')) {
    return tensor(Float32Array.from(samples, Number));
  }
  if (allOf(samples, (s): s is ArrayBufferView => ArrayBuffer.isView(s))) return rowsOf(samples);
  if (allOf(samples, (s) => typeof s === 'string')) return samples;
  if (allOf(samples, (s): s is readonly unknown[] => Array.isArray(s))) {
    const { length } = samples[0] ?? [];
    if (samples.some((s) => s.length !== length)) {
      throw new ArgumentError('collate: the samples are lists of different lengths');
    }
    return Array.from({ length }, (_, i) => batchOf(samples.map((s) => s[i])));
  }
  if (allOf(samples, isPlainObject)) {
    const keys = Object.keys(samples[0] ?? {});
    if (samples.some((s) => Object.keys(s).length !== keys.length)) {
      throw new ArgumentError('collate: the samples are objects with different keys');
    }
    return Object.fromEntries(keys.map((key) => [key, batchOf(samples.map((s) => s[key]))]));
  }
  throw new ArgumentError(
    `collate: cannot make a batch of samples such as ${describe(first)}; ` +
      'expected tensors, numbers, typed arrays, strings, or lists and objects of these, all of one form',
  );
}

function allOf<T>(
  samples: readonly unknown[],
  is: (s: unknown) => s is T,
): samples is readonly T[] {
  return samples.every(is);
}

function rowsOf(samples: readonly ArrayBufferView[]): Tensor {
  const [first] = samples;
  const dtype = first && dtypeOf(first);
  const parts = samples.map((sample) => tensorData(sample, dtype));
  const width = parts[0]?.length ?? 0;
  if (!dtype || parts.some((part) => part.length !== width)) {
    throw new ShapeError('collate: the samples are typed arrays of different lengths');
  }
  const rows = newArray(dtype, samples.length * width, 'a batch');
  for (const [i, part] of parts.entries()) rows.set(part, i * width);
  return tensor(rows, { shape: [samples.length, width], dtype });
}

function tensorData(sample: ArrayBufferView, dtype: string | null | undefined): ArrayLike<number> {
  if (!hasDType(sample) || dtypeOf(sample) !== dtype) {
    throw new ArgumentError(
      'collate: the samples are typed arrays of different kinds, or of a kind that tensors do not have',
    );
  }
  return sample;
}

function describe(value: unknown): string {
  if (value === null || typeof value !== 'object') return String(value);
  return `a ${value.constructor?.name ?? 'object'}`;
}
