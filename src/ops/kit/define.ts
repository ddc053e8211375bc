import { isFloat32Array, isFloat64Array, isInt32Array, isUint8Array } from 'node:util/types';
import { kernels } from '../../backend/select.js';
import { ArgumentError, AutogradError, DTypeError } from '../../errors.js';
import type { Gradients, Node, Nothing, Op, Saves } from '../../tape/node.js';
import { type DType, isFloat, promote, type TypedArray } from '../../tensor/dtype.js';
import { isRecording } from '../../tensor/scope.js';
import { dim, formatShape, type Shape } from '../../tensor/shape.js';
import { empty, type Layout, Tensor } from '../../tensor/tensor.js';

/**
 * An op with one output, and its gradient rule: from the output's gradient g to those of the inputs, null for those
 * without. Written with ops, so that it can be differentiated again. The walker sums gradients over axes that were
 * broadcast. An op without a rule has no gradient, and is seen by observers alone.
 */
export function defineOp<S extends Saves = Nothing, A extends object = Nothing>(
  name: string,
  vjp?: (g: Tensor, node: Node<S, A>) => Gradients,
): Op<S, A> {
  if (vjp === undefined) return { name, vjp: null };
  return { name, vjp: (node, [g]) => (g ? vjp(g, node) : []) };
}

/** The shape of an op's input, for its gradient. @internal */
export function inputShape(
  { inputShapes }: { readonly inputShapes: readonly (Shape | null)[] },
  i = 0,
): Shape {
  return inputShapes[i] ?? [];
}

/**
 * An operand that an op has no gradient for. Throws where one is wanted: without a word it would be missing.
 * @internal
 */
export function constant(x: Tensor, op: string, name: string): Tensor {
  if (x.requiresGrad && isRecording()) {
    throw new AutogradError(
      `${op}: ${name} requires gradients, and ${op} has none for it; expected ${name}.detach(), or a tensor that requires none`,
    );
  }
  return x.requiresGrad ? x.detach() : x;
}

/** The kind of array that float kernels take. @internal */
export type FloatArray = Float32Array | Float64Array;

/** A tensor's memory as floats; checks what the op has made sure of. @internal */
export function floats(x: Tensor): FloatArray {
  const raw = x.raw;
  if (isFloat32Array(raw) || isFloat64Array(raw)) return raw;
  throw new DTypeError(`expected floats, got ${x.dtype}`);
}

/** A tensor's memory as floats, to be changed in place: the tape is told. @internal */
export function floatsForWriting(x: Tensor): FloatArray {
  const elements = floats(x);
  x.markWritten();
  return elements;
}

/** As {@link floatsForWriting}, of several: if one of them is no float tensor, the tape is told nothing. @internal */
export function allFloatsForWriting(tensors: readonly Tensor[]): FloatArray[] {
  const arrays = tensors.map(floats);
  for (const each of tensors) each.markWritten();
  return arrays;
}

/** A tensor's memory, to be changed in place: the tape is told. @internal */
export function elementsForWriting(x: Tensor): TypedArray {
  const elements = x.raw;
  x.markWritten();
  return elements;
}

/** A tensor's memory as int32. @internal */
export function ints(x: Tensor): Int32Array {
  const raw = x.raw;
  if (isInt32Array(raw)) return raw;
  throw new DTypeError(`expected int32, got ${x.dtype}`);
}

/** A tensor's memory as a mask. @internal */
export function mask(x: Tensor): Uint8Array {
  const raw = x.raw;
  if (isUint8Array(raw)) return raw;
  throw new DTypeError(`expected uint8, got ${x.dtype}`);
}

/** A tensor's memory as numbers that arithmetic works on. @internal */
export function numbers(x: Tensor): FloatArray | Int32Array {
  const raw = x.raw;
  if (isUint8Array(raw)) throw new DTypeError('expected numbers, got uint8');
  return raw;
}

/** What is no tensor, for messages. */
function kindOf(x: unknown): string {
  if (x === null) return 'null';
  if (typeof x !== 'object') return `a ${typeof x}`;
  if (Array.isArray(x)) return 'an array';
  if (x.constructor?.name !== Tensor.name) return 'an object';
  return 'a Tensor of another copy of axonode (one that is bundled, or required beside an import; see docs/bundlers.md)';
}

/** Throws unless x is a tensor. @internal */
export function checkTensor(x: unknown, op: string, name = 'input'): asserts x is Tensor {
  if (!(x instanceof Tensor)) {
    throw new ArgumentError(`${op}: ${name} is ${kindOf(x)}, expected a Tensor (see tensor())`);
  }
}

/** Throws unless x is a tensor of floats. @internal */
export function checkFloat(x: Tensor, op: string, name = 'input'): void {
  checkTensor(x, op, name);
  if (!isFloat(x.dtype)) {
    throw new DTypeError(`${op}: ${name} is ${x.dtype}, expected float32 or float64 (see cast())`);
  }
}

/** Throws unless all have one dtype. @internal */
export function checkSameDType(op: string, ...tensors: Tensor[]): void {
  checkOneDType(op, tensors);
}

/** As {@link checkSameDType}, of a list. @internal */
export function checkOneDType(op: string, tensors: readonly Tensor[]): void {
  const dtype = tensors[0]?.dtype;
  for (const other of tensors) {
    if (other.dtype !== dtype) {
      throw new DTypeError(`${op}: dtypes ${dtype} and ${other.dtype} differ (see cast())`);
    }
  }
}

/** x converted to a dtype, without gradient (for masks and integers); x itself if it has it. @internal */
export function converted(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  const out = empty(x.shape, dtype, x.layout);
  kernels().cast(out.raw, x.raw, x.size);
  return out;
}

/** The dtype that arithmetic of two tensors has: at least int32. @internal */
export function arithmeticDType(a: DType, b: DType): DType {
  const dtype = promote(a, b);
  return dtype === 'uint8' ? 'int32' : dtype;
}

const CHANNELS_LAST: readonly number[] = [0, 2, 3, 1];
const rowMajorOrders: (readonly number[])[] = [];

/** Order of the axes in memory. @internal */
export function memoryOrder(rank: number, layout: Layout): readonly number[] {
  if (layout === 'channelsLast') return CHANNELS_LAST;
  rowMajorOrders[rank] ??= Array.from({ length: rank }, (_, i) => i);
  return rowMajorOrders[rank];
}

/** Strides of x, in memory as it is, along the axes of `shape` that it broadcasts to. @internal */
export function stridesIn(x: Tensor, shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(0);
  const order = memoryOrder(x.rank, x.layout);
  let stride = 1;
  for (let i = order.length - 1; i >= 0; i--) {
    const axis = order[i] ?? 0;
    const size = dim(x.shape, axis);
    if (size !== 1) strides[shape.length - x.rank + axis] = stride;
    stride *= size;
  }
  return strides;
}

/** `[2, 3] float32`, for messages. @internal */
export function describe(x: Tensor): string {
  return `${formatShape(x.shape)} ${x.dtype}`;
}
