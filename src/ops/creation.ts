import { backend, kernels } from '../backend/select.js';
import { ArgumentError, AutogradError, DTypeError, ShapeError } from '../errors.js';
import {
  bytesPerElement,
  checkDType,
  type DType,
  dtypeOf,
  type TypedArray,
} from '../tensor/dtype.js';
import { adopt } from '../tensor/scope.js';
import { checkShape, formatShape, type Shape, sameShape, sizeOf } from '../tensor/shape.js';
import { allocateForHost } from '../tensor/storage.js';
import { empty, inLayout, releaseTemporary, Tensor } from '../tensor/tensor.js';
import { elementsForWriting, floats, floatsForWriting } from './kit/define.js';

/** Numbers, nested to any depth, each level of one length. */
export type NestedNumbers = number | boolean | readonly NestedNumbers[];

export interface TensorOptions {
  /** Default: float32, or the kind of the typed array given. */
  dtype?: DType;
  /** Makes it a leaf that gradients are collected for. Default: false. */
  requiresGrad?: boolean;
}

export interface FromDataOptions extends TensorOptions {
  /** Default: the nesting of the arrays; `[n]` for a typed array. */
  shape?: Shape;
}

function finish(made: Tensor, options: TensorOptions): Tensor {
  if (options.requiresGrad) made.requiresGrad = true;
  return made;
}

/** A dtype that the running backend has; float32 by default. @internal */
export function checkedDType(dtype: DType | undefined, op: string): DType {
  if (dtype === undefined) return 'float32';
  const checked = checkDType(dtype, op);
  if (checked === 'float64' && backend().name === 'native') {
    throw new DTypeError(
      `${op}: float64 works on the TypeScript backend only (AXONODE_BACKEND=ts or setBackend('ts'))`,
    );
  }
  return checked;
}

function shapeOfNested(data: NestedNumbers): number[] {
  const shape: number[] = [];
  let level: NestedNumbers | undefined = data;
  while (Array.isArray(level)) {
    shape.push(level.length);
    level = level[0];
  }
  return shape;
}

function flattenInto(
  out: TypedArray,
  data: NestedNumbers,
  shape: Shape,
  axis: number,
  offset: number,
): number {
  if (!Array.isArray(data)) {
    if (axis !== shape.length || (typeof data !== 'number' && typeof data !== 'boolean')) {
      throw new ShapeError(
        `tensor: the nested arrays are ragged; expected ${formatShape(shape)} throughout`,
      );
    }
    out[offset] = Number(data);
    return offset + 1;
  }
  if (axis >= shape.length || data.length !== shape[axis]) {
    throw new ShapeError(
      `tensor: the nested arrays are ragged: ${data.length} items at depth ${axis}; ` +
        `expected ${formatShape(shape)} throughout`,
    );
  }
  let at = offset;
  for (const item of data) at = flattenInto(out, item, shape, axis + 1, at);
  return at;
}

/** A tensor whose memory JavaScript may write now. */
function emptyForHost(shape: Shape, dtype: DType): { made: Tensor; array: TypedArray } {
  const made = new Tensor(allocateForHost(sizeOf(shape) * bytesPerElement(dtype)), shape, dtype);
  adopt(made);
  return { made, array: made.raw };
}

/**
 * A tensor of given numbers.
 * @param data a number, nested arrays of numbers, or a typed array in row-major order (copied)
 *
 * @example
 * tensor([[1, 2], [3, 4]]);
 * tensor(new Float32Array(12), { shape: [3, 4], requiresGrad: true });
 */
export function tensor(
  data: NestedNumbers | ArrayBufferView,
  options: FromDataOptions = {},
): Tensor {
  if (ArrayBuffer.isView(data)) return fromTypedArray(data, options);
  if (typeof data !== 'number' && typeof data !== 'boolean' && !Array.isArray(data)) {
    throw new ArgumentError(
      `tensor: expected numbers, nested arrays or a typed array, got ${typeof data}`,
    );
  }
  const nested = shapeOfNested(data);
  const shape = options.shape ?? nested;
  checkShape(shape, 'tensor');
  checkShape(nested, 'tensor');
  if (sizeOf(shape) !== sizeOf(nested)) {
    throw new ShapeError(
      `tensor: ${sizeOf(nested)} numbers do not fill shape ${formatShape(shape)}, which has ${sizeOf(shape)}`,
    );
  }
  const { made, array } = emptyForHost([...shape], checkedDType(options.dtype, 'tensor'));
  flattenInto(array, data, nested, 0, 0);
  return finish(made, options);
}

function fromTypedArray(data: ArrayBufferView, options: FromDataOptions): Tensor {
  const source = dtypeOf(data);
  if (source === null) {
    throw new DTypeError(
      `tensor: ${data.constructor.name} has no dtype here; expected Float32Array, Float64Array, Int32Array or Uint8Array`,
    );
  }
  const values = data as TypedArray;
  const dtype = checkedDType(
    options.dtype ?? (source === 'float64' ? 'float32' : source),
    'tensor',
  );
  const shape = options.shape ?? [values.length];
  checkShape(shape, 'tensor');
  if (sizeOf(shape) !== values.length) {
    throw new ShapeError(
      `tensor: ${values.length} elements do not fill shape ${formatShape(shape)}, which has ${sizeOf(shape)}`,
    );
  }
  const { made, array } = emptyForHost([...shape], dtype);
  array.set(values);
  return finish(made, options);
}

/** A tensor filled with one number. */
export function full(shape: Shape, value: number, options: TensorOptions = {}): Tensor {
  checkShape(shape, 'full');
  const made = empty([...shape], checkedDType(options.dtype, 'full'));
  kernels().fill(made.raw, made.size, value);
  return finish(made, options);
}

/** A tensor of zeros. */
export function zeros(shape: Shape, options: TensorOptions = {}): Tensor {
  return full(shape, 0, options);
}

/** A tensor of ones. */
export function ones(shape: Shape, options: TensorOptions = {}): Tensor {
  return full(shape, 1, options);
}

/** x's shape, dtype and layout, filled with one number. @internal */
export function filledLike(x: Tensor, value: number): Tensor {
  const made = empty(x.shape, x.dtype, x.layout);
  kernels().fill(made.raw, made.size, value);
  return made;
}

/** Zeros of x's shape and dtype. */
export function zerosLike(x: Tensor): Tensor {
  return filledLike(x, 0);
}

/** Ones of x's shape and dtype. */
export function onesLike(x: Tensor): Tensor {
  return filledLike(x, 1);
}

/**
 * start, start + step, ... up to but without end; `arange(n)` counts from 0.
 * dtype defaults to int32 when all are integers, else float32.
 */
export function arange(start: number, end?: number, step = 1, options: TensorOptions = {}): Tensor {
  const from = end === undefined ? 0 : start;
  const to = end === undefined ? start : end;
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!Number.isFinite(count) || step === 0) {
    throw new ArgumentError(`arange: start ${from}, end ${to}, step ${step} give no finite range`);
  }
  const whole = Number.isInteger(from) && Number.isInteger(step);
  const dtype = options.dtype ?? (whole && !options.requiresGrad ? 'int32' : 'float32');
  return tensor(
    Float64Array.from({ length: count }, (_, i) => from + i * step),
    { ...options, dtype },
  );
}

/** `count` numbers evenly spaced from start to end, both included. */
export function linspace(
  start: number,
  end: number,
  count: number,
  options: TensorOptions = {},
): Tensor {
  if (!Number.isInteger(count) || count < 0) {
    throw new ArgumentError(`linspace: count ${count}, expected an integer ≥ 0`);
  }
  const values = Float64Array.from({ length: count }, (_, i) =>
    count === 1 ? start : start + ((end - start) * i) / (count - 1),
  );
  return tensor(values, { dtype: 'float32', ...options });
}

/** The identity matrix [n, m], m = n by default. */
export function eye(n: number, m = n, options: TensorOptions = {}): Tensor {
  checkShape([n, m], 'eye');
  const { made, array } = emptyForHost([n, m], checkedDType(options.dtype, 'eye'));
  array.fill(0, 0, n * m);
  for (let i = 0; i < Math.min(n, m); i++) array[i * m + i] = 1;
  return finish(made, options);
}

/** A copy with memory of its own, cut from the graph. See {@link Tensor.detach} for one that shares it. */
export function clone(x: Tensor): Tensor {
  const made = empty(x.shape, x.dtype, x.layout);
  kernels().cast(made.raw, x.raw, x.size);
  return made;
}

/** y += alpha · x, in place. Not recorded. @internal */
export function addInPlace(y: Tensor, x: Tensor, alpha = 1): void {
  const source = inLayout(x, y.layout);
  kernels().addScaled(floatsForWriting(y), floats(source), y.size, alpha);
  releaseTemporary(source, x);
}

/** Throws unless source may take the place of target's elements. */
function checkReplacement(op: string, target: Tensor, source: { readonly shape: Shape }): void {
  if (!sameShape(target.shape, source.shape)) {
    throw new ShapeError(
      `${op}: source ${formatShape(source.shape)} does not fit ${formatShape(target.shape)}`,
    );
  }
  if (target.node !== null) {
    throw new AutogradError(`${op}: only leaves can be changed in place; detach() it first`);
  }
}

/**
 * Has a kernel overwrite all elements of a leaf, in the order of its memory. Not recorded. @internal
 */
export function overwrite(target: Tensor, op: string, fill: (elements: TypedArray) => void): void {
  checkReplacement(op, target, target);
  fill(elementsForWriting(target));
}

/** As {@link full}, in place of a leaf's elements. @internal */
export function refill(target: Tensor, value: number): void {
  overwrite(target, 'constant', (elements) => kernels().fill(elements, target.size, value));
}

/**
 * As {@link copyFrom}, for what a training step makes of parameters and statistics: left out, as the optimiser's
 * update is, where the step ran into an index out of range. One dtype. @internal
 */
export function assign(target: Tensor, source: Tensor): void {
  checkReplacement('assign', target, source);
  const from = inLayout(source, target.layout);
  kernels().assign(elementsForWriting(target), from.raw, target.size);
  releaseTemporary(from, source);
}

/**
 * Overwrites a tensor's elements with another's, of its shape, in place. Not recorded; a leaf that requires
 * gradients may be overwritten, a computed tensor may not.
 */
export function copyFrom(target: Tensor, source: Tensor | ArrayBufferView): void {
  if (!(source instanceof Tensor)) {
    const made = tensor(source, { shape: target.shape, dtype: target.dtype });
    copyFrom(target, made);
    made.dispose();
    return;
  }
  checkReplacement('copyFrom', target, source);
  const from = inLayout(source, target.layout);
  kernels().cast(elementsForWriting(target), from.raw, target.size);
  releaseTemporary(from, source);
}
