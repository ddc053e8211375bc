import { isFloat32Array, isFloat64Array, isInt32Array } from 'node:util/types';
import { kernels } from '../backend/select.js';
import { DTypeError, SparseError } from '../errors.js';
import type { TypedArray } from './dtype.js';
import { isFloat } from './dtype.js';
import { allocate } from './pool.js';
import { adopt } from './scope.js';
import { dim, formatShape, type Shape } from './shape.js';
import type { Storage } from './storage.js';
import { empty, Tensor } from './tensor.js';

type FloatArray = Float32Array | Float64Array;

function floatsOf({ raw, dtype }: Tensor): FloatArray {
  if (isFloat32Array(raw) || isFloat64Array(raw)) return raw;
  throw new DTypeError(`a row-sparse tensor holds floats, got ${dtype}`);
}

function int32Of({ raw, dtype }: Tensor): Int32Array {
  if (isInt32Array(raw)) return raw;
  throw new DTypeError(`rows are int32, got ${dtype}`);
}

/** Rows, each once, and their values. Both belong to one or more row-sparse tensors, and to no context. */
interface Part {
  /** int32 [places]; −1 marks a place that is not used. */
  readonly rows: Tensor;
  /** [places, features]; zero where a place is not used. */
  readonly values: Tensor;
}

function places({ rows }: Part): number {
  return rows.size;
}

/** The rows that `index` names, each once with the sum of its rows of x. */
function coalesced(
  index: Tensor,
  x: Tensor,
  shape: Shape,
  options: { readonly count: number; readonly skip: number },
): Part {
  const [limit, features] = [dim(shape, 0), dim(shape, 1)];
  const { count, skip } = options;
  const capacity = Math.min(count, limit);
  const rows = empty([capacity], 'int32').keep();
  const values = empty([capacity, features], x.dtype).keep();
  kernels().coalesceRows(
    int32Of(rows),
    floatsOf(values),
    int32Of(index),
    floatsOf(x),
    count,
    features,
    limit,
    skip,
  );
  return { rows, values };
}

/** Copies laid end to end. */
function concatenated(parts: readonly Tensor[], shape: Shape): Tensor {
  const [first] = parts;
  const all = empty(shape, first?.dtype ?? 'float32').keep();
  let at = 0;
  for (const part of parts) {
    const piece = all.raw.subarray(at, at + part.size);
    kernels().cast(piece, part.raw, part.size);
    at += part.size;
  }
  return all;
}

/**
 * A matrix [rows, features] of which only some rows are there; all others are zero. The gradient of the table of an
 * embedding with `sparse: true` is one: memory and time depend on how many indices were looked up, not on the size of
 * the table. Optimisers that take it, and clipping, work on it as it is; ops do not, see {@link toDense}.
 */
export class RowSparseTensor extends Tensor {
  /** What it is the sum of; put together when somebody looks. */
  #parts: Part[];

  private constructor(parts: Part[], shape: Shape, like: Tensor) {
    if (!(like instanceof Tensor) || !isFloat(like.dtype))
      throw new DTypeError(
        `a row-sparse tensor is made by the gradient of embedding() with { sparse: true }, of floats`,
      );
    // The elements are in the parts.
    super(allocate(0), shape, like.dtype);
    this.#parts = parts;
  }

  /**
   * @param index int32, each names a row
   * @param x for each index, the values to add to its row
   * @param skip a row that is left out, or −1
   * @internal
   */
  static of(index: Tensor, x: Tensor, shape: Shape, skip: number): RowSparseTensor {
    const part = coalesced(index, x, shape, { count: index.size, skip });
    const made = new RowSparseTensor([part], shape, part.values);
    adopt(made);
    return made;
  }

  /** Elements in the table, with those that are zero. Its memory is that of {@link values}. */
  #whole(): Part {
    // For the error of a tensor that was disposed of.
    void super.storage;
    const [first] = this.#parts;
    if (first !== undefined && this.#parts.length === 1) return first;
    const parts = this.#parts;
    const count = parts.reduce((sum, part) => sum + places(part), 0);
    const index = concatenated(
      parts.map(({ rows }) => rows),
      [count],
    );
    const x = concatenated(
      parts.map(({ values }) => values),
      [count, dim(this.shape, 1)],
    );
    const whole = coalesced(index, x, this.shape, { count, skip: -1 });
    for (const { rows, values } of [...parts, { rows: index, values: x }]) {
      rows.dispose();
      values.dispose();
    }
    this.#parts = [whole];
    return whole;
  }

  /**
   * The rows that are there, each once, int32. Places at the end that were not needed, as indices repeated, have −1.
   * Belongs to this tensor.
   */
  get rows(): Tensor {
    return this.#whole().rows;
  }

  /** For each of {@link rows} its elements; zeros for places that were not needed. Belongs to this tensor. */
  get values(): Tensor {
    return this.#whole().values;
  }

  /** How many rows there is room for: at least as many as are there, at most those of the table. */
  get places(): number {
    return places(this.#whole());
  }

  /** The whole matrix. */
  toDense(): Tensor {
    const dense = empty(this.shape, this.dtype);
    kernels().fill(dense.raw, dense.size, 0);
    this.addTo(dense);
    return dense;
  }

  /** Adds it to a dense tensor of its shape, in place. Not recorded. @internal */
  addTo(dense: Tensor): void {
    const { rows, values } = this.#whole();
    dense.markWritten();
    const [limit, features] = [dim(this.shape, 0), dim(this.shape, 1)];
    kernels().addRows(floatsOf(dense), floatsOf(values), int32Of(rows), rows.size, features, limit);
  }

  /** Adds another of its shape, in place. @internal */
  add_(other: RowSparseTensor): void {
    for (const part of other.#shared()) this.#parts.push(part);
    // Never more than the dense matrix would take.
    const count = this.#parts.reduce((sum, part) => sum + places(part), 0);
    if (count > dim(this.shape, 0)) this.#whole();
  }

  #shared(): Part[] {
    return this.#parts.map(({ rows, values }) => ({
      rows: rows.saveForTape().keep(),
      values: values.saveForTape().keep(),
    }));
  }

  /** @internal */
  override saveForTape(): RowSparseTensor {
    void super.storage;
    return new RowSparseTensor(this.#shared(), this.shape, this);
  }

  override dispose(): void {
    for (const { rows, values } of this.#parts) {
      rows.dispose();
      values.dispose();
    }
    this.#parts = [];
    super.dispose();
  }

  /** Ops want all elements in a row. @internal */
  override get storage(): Storage {
    void super.storage;
    throw new SparseError(
      `a row-sparse tensor of shape ${formatShape(this.shape)}, such as the gradient of an embedding with ` +
        '{ sparse: true }, was given where a dense one is expected; use toDense()',
    );
  }

  /** The elements of the whole matrix; see {@link Tensor.data}. */
  override async data(): Promise<TypedArray> {
    const dense = this.toDense();
    try {
      return await dense.data();
    } finally {
      dense.dispose();
    }
  }

  override dataSync(): TypedArray {
    const dense = this.toDense();
    try {
      return dense.dataSync();
    } finally {
      dense.dispose();
    }
  }

  override toString(): string {
    const shape = `shape=${formatShape(this.shape)}, dtype=${this.dtype}`;
    if (this.isDisposed) return `RowSparseTensor(disposed, ${shape})`;
    return `RowSparseTensor(at most ${this.places} rows, ${shape})`;
  }
}
