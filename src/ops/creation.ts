import { checkNumber } from '../arguments.js';
import { backend, kernels } from '../backend/select.js';
import { ArgumentError, AutogradError, DTypeError, ShapeError } from '../errors.js';
import { checkOptions, inWords, type OptionNames } from '../options.js';
import type { Nothing } from '../tape/node.js';
import { record } from '../tape/record.js';
import {
  bytesPerElement,
  checkDType,
  type DType,
  dtypeOf,
  type TypedArray,
} from '../tensor/dtype.js';
import { allocateForHost } from '../tensor/pool.js';
import { adopt, isRecording } from '../tensor/scope.js';
import { checkShape, formatShape, type Shape, sameShape, sizeOf } from '../tensor/shape.js';
import { empty, inLayout, releaseTemporary, Tensor } from '../tensor/tensor.js';
import {
  checkTensor,
  defineOp,
  elementsForWriting,
  floats,
  floatsForWriting,
} from './kit/define.js';

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

/** The names of {@link TensorOptions}. @internal */
export const TENSOR: OptionNames<TensorOptions> = { dtype: true, requiresGrad: true };
const FROM_DATA: OptionNames<FromDataOptions> = { ...TENSOR, shape: true };

/** Of ops that make a tensor out of their attributes alone. @internal */
export const NO_INPUTS: readonly Tensor[] = Object.freeze([]);

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
  checkOptions('tensor', options, FROM_DATA);
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

interface FullAttrs {
  readonly shape: Shape;
  readonly value: number;
  readonly dtype: DType;
}

const fullOp = defineOp<Nothing, FullAttrs>('full');

/** A tensor filled with one number. */
export function full(shape: Shape, value: number, options: TensorOptions = {}): Tensor {
  checkOptions('full', options, TENSOR);
  checkShape(shape, 'full');
  checkNumber('full', 'value', value);
  const dtype = checkedDType(options.dtype, 'full');
  const made = empty([...shape], dtype);
  kernels().fill(made.raw, made.size, value);
  record(fullOp, made, NO_INPUTS, {}, { shape: made.shape, value, dtype });
  return finish(made, options);
}

/** A tensor of zeros. */
export function zeros(shape: Shape, options: TensorOptions = {}): Tensor {
  checkOptions('zeros', options, TENSOR);
  return full(shape, 0, options);
}

/** A tensor of ones. */
export function ones(shape: Shape, options: TensorOptions = {}): Tensor {
  checkOptions('ones', options, TENSOR);
  return full(shape, 1, options);
}

/** x's shape, dtype and layout, filled with one number. @internal */
export function filledLike(x: Tensor, value: number): Tensor {
  checkTensor(x, value === 0 ? 'zerosLike' : 'onesLike');
  const made = empty(x.shape, x.dtype, x.layout);
  kernels().fill(made.raw, made.size, value);
  return record(fullOp, made, NO_INPUTS, {}, { shape: x.shape, value, dtype: x.dtype });
}

/** Zeros of x's shape and dtype. */
export function zerosLike(x: Tensor): Tensor {
  return filledLike(x, 0);
}

/** Ones of x's shape and dtype. */
export function onesLike(x: Tensor): Tensor {
  return filledLike(x, 1);
}

export interface ArangeOptions extends TensorOptions {
  /** From one number to the next, of either sign. Default: 1. */
  step?: number;
}

const ARANGE: OptionNames<ArangeOptions> = { ...TENSOR, step: true };

interface ArangeAttrs {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly dtype: DType;
}

const arangeOp = defineOp<Nothing, ArangeAttrs>('arange');

/** 0, 1, ... up to but without end. */
export function arange(end: number, options?: ArangeOptions): Tensor;
/**
 * start, start + step, ... up to but without end; `arange(end)` counts from 0.
 * dtype defaults to int32 when start and step are integers, else float32.
 *
 * @example
 * arange(4);                    // 0, 1, 2, 3
 * arange(0, 1, { step: 0.25 }); // 0, 0.25, 0.5, 0.75
 */
export function arange(start: number, end: number, options?: ArangeOptions): Tensor;
export function arange(
  first: number,
  second: number | ArangeOptions = {},
  third: ArangeOptions = {},
): Tensor {
  const [start, end, options] =
    typeof second === 'number' ? [first, second, third] : [0, first, second];
  checkOptions('arange', options, ARANGE);
  checkNumber('arange', 'start', start);
  checkNumber('arange', 'end', end);
  if (options.step !== undefined) checkNumber('arange', 'step', options.step);
  const { step = 1, requiresGrad = false } = options;
  const count = Math.max(0, Math.ceil((end - start) / step));
  if (!Number.isFinite(count) || step === 0) {
    throw new ArgumentError(
      `arange: start ${start}, end ${end}, step ${step} give no finite range`,
    );
  }
  const whole = Number.isInteger(start) && Number.isInteger(step);
  const dtype = options.dtype ?? (whole && !requiresGrad ? 'int32' : 'float32');
  const values = Float64Array.from({ length: count }, (_, i) => start + i * step);
  const made = tensor(values, { dtype, requiresGrad });
  return record(arangeOp, made, NO_INPUTS, {}, { start, end, step, dtype });
}

interface LinspaceAttrs {
  readonly start: number;
  readonly end: number;
  readonly count: number;
  readonly dtype: DType;
}

const linspaceOp = defineOp<Nothing, LinspaceAttrs>('linspace');

/** `count` numbers evenly spaced from start to end, both included. */
export function linspace(
  start: number,
  end: number,
  count: number,
  options: TensorOptions = {},
): Tensor {
  checkOptions('linspace', options, TENSOR);
  if (!Number.isInteger(count) || count < 0) {
    throw new ArgumentError(`linspace: count ${inWords(count)}, expected an integer ≥ 0`);
  }
  checkNumber('linspace', 'start', start);
  checkNumber('linspace', 'end', end);
  const values = Float64Array.from({ length: count }, (_, i) =>
    count === 1 ? start : start + ((end - start) * i) / (count - 1),
  );
  const dtype = options.dtype ?? 'float32';
  const made = tensor(values, { ...options, dtype });
  return record(linspaceOp, made, NO_INPUTS, {}, { start, end, count, dtype });
}

export interface EyeOptions extends TensorOptions {
  /** Default: as many as rows. */
  columns?: number;
}

const EYE: OptionNames<EyeOptions> = { ...TENSOR, columns: true };

interface EyeAttrs {
  readonly rows: number;
  readonly columns: number;
  readonly dtype: DType;
}

const eyeOp = defineOp<Nothing, EyeAttrs>('eye');

/** The identity matrix [rows, columns], square by default. */
export function eye(rows: number, options: EyeOptions = {}): Tensor {
  checkOptions('eye', options, EYE);
  const { columns = rows } = options;
  checkShape([rows, columns], 'eye');
  const dtype = checkedDType(options.dtype, 'eye');
  const { made, array } = emptyForHost([rows, columns], dtype);
  array.fill(0, 0, rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) array[i * columns + i] = 1;
  record(eyeOp, made, NO_INPUTS, {}, { rows, columns, dtype });
  return finish(made, options);
}

const cloneOp = defineOp('clone', (g) => [g]);

/** A copy with memory of its own, and a gradient. {@link Tensor.detach} cuts from the graph: `x.detach().clone()`. */
export function clone(x: Tensor): Tensor {
  checkTensor(x, 'clone');
  const made = empty(x.shape, x.dtype, x.layout);
  kernels().cast(made.raw, x.raw, x.size);
  return record(cloneOp, made, [x]);
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
  checkTensor(target, op);
  checkReplacement(op, target, target);
  fill(elementsForWriting(target));
}

/** As {@link full}, in place of a leaf's elements. @internal */
export function refill(target: Tensor, value: number): void {
  overwrite(target, 'constant', (elements) => kernels().fill(elements, target.size, value));
}

const copyFromOp = defineOp('copyFrom');

/**
 * As {@link copyFrom}, for what a training step makes of parameters and statistics: left out, as the optimiser's
 * update is, where the step ran into an index out of range. One dtype. @internal
 */
export function assign(target: Tensor, source: Tensor): void {
  checkReplacement('assign', target, source);
  const from = inLayout(source, target.layout);
  kernels().assign(elementsForWriting(target), from.raw, target.size);
  releaseTemporary(from, source);
  record(copyFromOp, target, [target, source]);
}

/**
 * Overwrites a tensor's elements with another's, of its shape, in place. Not recorded: no gradient flows to the
 * source. A leaf that requires gradients may be overwritten, a computed tensor may not.
 * @throws AutogradError for a source that was computed with gradients, outside of noGrad(): they would be lost
 */
export function copyFrom(target: Tensor, source: Tensor | ArrayBufferView): void {
  checkTensor(target, 'copyFrom', 'target');
  if (!(source instanceof Tensor)) {
    const made = tensor(source, { shape: target.shape, dtype: target.dtype });
    copyFrom(target, made);
    made.dispose();
    return;
  }
  checkReplacement('copyFrom', target, source);
  if (source.node !== null && isRecording()) {
    throw new AutogradError(
      'copyFrom: source was computed with gradients, which copyFrom does not pass on; ' +
        'expected source.detach(), or a call within noGrad()',
    );
  }
  const from = inLayout(source, target.layout);
  kernels().cast(elementsForWriting(target), from.raw, target.size);
  releaseTemporary(from, source);
  record(copyFromOp, target, [target, source]);
}
