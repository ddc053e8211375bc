import { kernels } from '../backend/select.js';
import { ShapeError } from '../errors.js';
import { record } from '../tape/record.js';
import {
  broadcastShapes,
  dim,
  formatShape,
  type Shape,
  sameShape,
  sizeOf,
} from '../tensor/shape.js';
import { empty, releaseTemporary, rowMajor, type Tensor } from '../tensor/tensor.js';
import { expand } from './broadcast.js';
import { composite } from './kit/composite.js';
import { checkFloat, checkSameDType, checkTensor, defineOp, floats } from './kit/define.js';
import { reshape } from './view.js';

/** Sizes of a product op(a)·op(b): [m, k]·[k, n]. @internal */
export interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transA: boolean;
  readonly transB: boolean;
  readonly batch: Shape;
}

/** Elements from one matrix of the batch to the next; 0 repeats one matrix. */
function batchStride(batch: Shape, matrix: number): number {
  return sizeOf(batch) <= 1 ? 0 : matrix;
}

/** op(a)·op(b) (+ bias) for operands whose batch axes are equal, or missing in one. Not recorded. @internal */
export function product(
  a: Tensor,
  b: Tensor,
  bias: Tensor | null,
  shape: Shape,
  { m, n, k, transA, transB, batch }: Product,
): Tensor {
  const [x, y] = [rowMajor(a), rowMajor(b)];
  const out = empty(shape, a.dtype);
  kernels().gemm(
    floats(out),
    floats(x),
    floats(y),
    bias ? floats(bias) : null,
    m,
    n,
    k,
    transA ? 1 : 0,
    transB ? 1 : 0,
    0,
    sizeOf(batch),
    m * n,
    batchStride(a.shape.slice(0, -2), m * k),
    batchStride(b.shape.slice(0, -2), k * n),
  );
  releaseTemporary(x, a);
  releaseTemporary(y, b);
  return out;
}

interface MatmulAttrs {
  /** Transposes the last two axes of the first operand. */
  readonly transA: boolean;
  /** Of the second. */
  readonly transB: boolean;
}

/**
 * Gradients of c = op(a)·op(b): for plain operands g·bᵀ and aᵀ·g; transposed operands swap their roles, so
 * that no matrix is ever transposed in memory.
 */
const matmulOp = defineOp<{ a: Tensor; b: Tensor }, MatmulAttrs>('matmul', (g, node) => {
  const { transA, transB } = node.attrs;
  const { a, b } = node.saved;
  return [
    node.needs(0) ? (transA ? multiply(b, g, transB, true) : multiply(g, b, false, !transB)) : null,
    node.needs(1) ? (transB ? multiply(g, a, true, transA) : multiply(a, g, !transA, false)) : null,
  ];
});

/** Product of stacks of matrices (at least two axes each); op transposes the last two axes. @internal */
export function multiply(a: Tensor, b: Tensor, transA: boolean, transB: boolean): Tensor {
  const [m, k] = matrixDims(a, transA);
  const [k2, n] = matrixDims(b, transB);
  if (k !== k2) throw mismatch('matmul', a.shape, b.shape, `inner sizes ${k} and ${k2} differ`);
  const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const batch = broadcastShapes(batchA, batchB, 'matmul');
  const x = matchBatch(a, batchA, batch);
  const y = matchBatch(b, batchB, batch);
  const out = product(x, y, null, [...batch, m, n], { m, n, k, transA, transB, batch });
  return record(matmulOp, out, [x, y], { a: x, b: y }, { transA, transB });
}

function matrixDims(x: Tensor, transposed: boolean): [number, number] {
  const rows = dim(x.shape, x.rank - 2);
  const cols = dim(x.shape, x.rank - 1);
  return transposed ? [cols, rows] : [rows, cols];
}

/** Operands without batch, or with one matrix, are repeated by stride 0; a partial broadcast is copied out. */
function matchBatch(x: Tensor, own: Shape, batch: Shape): Tensor {
  if (sizeOf(own) === 1 || sameShape(own, batch)) return x;
  return expand(x, [...batch, ...x.shape.slice(-2)]);
}

function mismatch(op: string, a: Shape, b: Shape, why: string): ShapeError {
  return new ShapeError(`${op}: ${formatShape(a)} and ${formatShape(b)} do not multiply: ${why}`);
}

/**
 * Matrix product with NumPy's rules: [m, k]·[k, n] -> [m, n]; a vector on the left is a row, on the right a
 * column, and its axis is dropped; leading axes are batches, and broadcast.
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  checkFloat(a, 'matmul');
  checkFloat(b, 'matmul', 'other');
  checkSameDType('matmul', a, b);
  if (a.rank === 0 || b.rank === 0)
    throw mismatch('matmul', a.shape, b.shape, 'a scalar is no matrix, see mul()');
  const k = dim(a.shape, a.rank - 1);
  const rows = dim(b.shape, Math.max(0, b.rank - 2));
  if (k !== rows) throw mismatch('matmul', a.shape, b.shape, `inner sizes ${k} and ${rows} differ`);
  if (a.rank === 2 && b.rank === 2) return multiply(a, b, false, false);
  return composite(() => multiplyStacks(a, b));
}

/** Vectors, and stacks of matrices that broadcast. */
function multiplyStacks(a: Tensor, b: Tensor): Tensor {
  const left = a.rank === 1 ? reshape(a, [1, a.size]) : a;
  const right = b.rank === 1 ? reshape(b, [b.size, 1]) : b;
  // A stack of rows times one matrix is one large product.
  const flat =
    right.rank === 2 ? reshape(left, [sizeOf(left.shape.slice(0, -1)), dim(right.shape, 0)]) : left;
  const out = multiply(flat, right, false, false);
  const shape = [...broadcastShapes(left.shape.slice(0, -2), right.shape.slice(0, -2), 'matmul')];
  if (a.rank > 1) shape.push(dim(left.shape, left.rank - 2));
  if (b.rank > 1) shape.push(dim(right.shape, right.rank - 1));
  return reshape(out, shape);
}

/** Inner product of two vectors. */
export function dot(a: Tensor, b: Tensor): Tensor {
  checkTensor(a, 'dot');
  checkTensor(b, 'dot', 'other');
  if (a.rank !== 1 || b.rank !== 1)
    throw mismatch('dot', a.shape, b.shape, 'expected two vectors, see matmul()');
  return matmul(a, b);
}
