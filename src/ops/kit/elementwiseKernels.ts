import type { BinaryOp, UnaryOp } from '../../backend/kernels/index.js';
import { kernels } from '../../backend/select.js';
import { isFloat } from '../../tensor/dtype.js';
import { broadcastShapes, collapsePlan, dim, type Shape, sameShape } from '../../tensor/shape.js';
import { empty, type Layout, releaseTemporary, type Tensor } from '../../tensor/tensor.js';
import {
  arithmeticDType,
  checkTensor,
  converted,
  memoryOrder,
  numbers,
  stridesIn,
} from './define.js';

/** Shape and layout of an elementwise result, and the plan to walk both operands along it. */
export function broadcastPlan(
  a: Tensor,
  b: Tensor,
  op: string,
): { shape: Shape; layout: Layout; plan: Int32Array } {
  const shape = broadcastShapes(a.shape, b.shape, op);
  const channelsLast =
    shape.length === 4 &&
    ((a.layout === 'channelsLast' && a.size >= b.size) ||
      (b.layout === 'channelsLast' && b.size >= a.size));
  const layout = channelsLast ? 'channelsLast' : 'rowMajor';
  const order = memoryOrder(shape.length, layout);
  const inOrder = (strides: readonly number[]): number[] => order.map((axis) => strides[axis] ?? 0);
  const plan = collapsePlan(
    order.map((axis) => dim(shape, axis)),
    [inOrder(stridesIn(a, shape)), inOrder(stridesIn(b, shape))],
  );
  return { shape, layout, plan };
}

/** a and b through one kernel, in the dtype that holds both, with broadcasting. Not recorded. */
export function binaryKernel(a: Tensor, b: Tensor, code: BinaryOp, op: string): Tensor {
  checkTensor(a, op);
  checkTensor(b, op, 'other');
  if (a.dtype !== b.dtype || a.dtype === 'uint8') {
    const dtype = arithmeticDType(a.dtype, b.dtype);
    const left = converted(a, dtype);
    const right = converted(b, dtype);
    const out = binaryKernel(left, right, code, op);
    releaseTemporary(left, a);
    releaseTemporary(right, b);
    return out;
  }
  if (a.layout === b.layout && sameShape(a.shape, b.shape)) {
    const out = empty(a.shape, a.dtype, a.layout);
    kernels().binary(numbers(out), numbers(a), numbers(b), a.size, code);
    return out;
  }
  const { shape, layout, plan } = broadcastPlan(a, b, op);
  const out = empty(shape, a.dtype, layout);
  if (out.size > 0) kernels().binaryBroadcast(numbers(out), numbers(a), numbers(b), plan, code);
  return out;
}

/** a and a number through one kernel; integers stay so with a whole number. Not recorded. */
export function scalarKernel(a: Tensor, scalar: number, code: BinaryOp): Tensor {
  const dtype = isFloat(a.dtype) ? a.dtype : Number.isInteger(scalar) ? 'int32' : 'float32';
  const x = converted(a, dtype);
  const out = empty(x.shape, dtype, x.layout);
  kernels().binaryScalar(numbers(out), numbers(x), scalar, x.size, code);
  releaseTemporary(x, a);
  return out;
}

/** x through one kernel, with its two numbers. Not recorded. */
export function unaryKernel(x: Tensor, code: UnaryOp, p = 0, q = 0): Tensor {
  const out = empty(x.shape, x.dtype, x.layout);
  kernels().unary(numbers(out), numbers(x), x.size, code, p, q);
  return out;
}
