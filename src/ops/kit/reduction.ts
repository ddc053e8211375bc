import { ReduceOp } from '../../backend/kernels/index.js';
import { kernels } from '../../backend/select.js';
import { ShapeError } from '../../errors.js';
import { checkOptions } from '../../options.js';
import { dim, formatShape, normalizeAxes, type Shape } from '../../tensor/shape.js';
import { empty, releaseTemporary, rowMajor, type Tensor } from '../../tensor/tensor.js';
import { checkTensor, converted, memoryOrder, numbers } from './define.js';
import { REDUCE, type ReduceOptions } from './options.js';

/** One axis or several, negative from the end; all when undefined. */
export type Axes = number | readonly number[] | undefined;

/** The attributes of a reduction. */
export interface ReduceAttrs {
  /** Rising, none negative. */
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** The attributes of a reduction of x; throws unless they fit it. */
export function reduceAttrs(
  op: string,
  x: Tensor,
  axes: Axes,
  options: ReduceOptions,
): ReduceAttrs {
  checkTensor(x, op);
  checkOptions(op, options, REDUCE);
  return { axes: normalizeAxes(axes, x.rank, op), keepDims: options.keepDims === true };
}

/** Number of elements behind each result. */
export function reducedCount(shape: Shape, axes: readonly number[]): number {
  return axes.reduce((n, axis) => n * dim(shape, axis), 1);
}

/** A run of neighbouring axes in memory that are all reduced, or all kept. */
interface Run {
  size: number;
  readonly reduced: boolean;
}

function runsOf(x: Tensor, axes: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (const axis of memoryOrder(x.rank, x.layout)) {
    const reduced = axes.includes(axis);
    const last = runs[runs.length - 1];
    if (last && last.reduced === reduced) last.size *= dim(x.shape, axis);
    else runs.push({ size: dim(x.shape, axis), reduced });
  }
  return runs;
}

/** True if the kept axes have the same order in memory as in the shape, so that the result is row-major. */
function keepsOrder(x: Tensor, axes: readonly number[]): boolean {
  const kept = memoryOrder(x.rank, x.layout).filter(
    (axis) => !axes.includes(axis) && dim(x.shape, axis) !== 1,
  );
  return kept.every((axis, i) => i === 0 || axis > (kept[i - 1] ?? 0));
}

/** The shape that is left. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  if (keepDims) return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return shape.filter((_, axis) => !axes.includes(axis));
}

/** Later passes over partial results: squares and magnitudes are summed, once taken. */
function combining(op: ReduceOp): ReduceOp {
  return op === ReduceOp.sumSquares || op === ReduceOp.sumAbs ? ReduceOp.sum : op;
}

/** Reduces runs of axes from the innermost outwards; one kernel for each run. */
function reduceKernel(x: Tensor, axes: readonly number[], op: ReduceOp): Tensor {
  const source = keepsOrder(x, axes) ? x : rowMajor(x);
  const runs = runsOf(source, axes);
  const target = reducedShape(x.shape, axes, false);
  let current = source;
  let code = op;
  for (let i = runs.length - 1; i >= 0; i--) {
    const run = runs[i];
    if (!run?.reduced) continue;
    const outer = runs.slice(0, i).reduce((n, r) => n * r.size, 1);
    const inner = runs.slice(i + 1).reduce((n, r) => n * (r.reduced ? 1 : r.size), 1);
    const isLast = !runs.slice(0, i).some((r) => r.reduced);
    const out = empty(isLast ? target : [outer, inner], x.dtype);
    kernels().reduce(numbers(out), numbers(current), outer, run.size, inner, code);
    if (current !== source) current.dispose();
    current = out;
    code = combining(op);
    run.size = 1;
  }
  releaseTemporary(source, x);
  return current;
}

/** Reduces x, not recorded. */
export function reduced(
  op: string,
  code: ReduceOp,
  x: Tensor,
  { axes, keepDims }: ReduceAttrs,
): Tensor {
  if ((code === ReduceOp.max || code === ReduceOp.min) && reducedCount(x.shape, axes) === 0) {
    throw new ShapeError(
      `${op}: ${formatShape(x.shape)} has nothing to choose from along axes ${formatShape(axes)}`,
    );
  }
  const input = x.dtype === 'uint8' ? converted(x, 'int32') : x;
  const flat =
    axes.length === 0 ? elementwiseReduction(input, code) : reduceKernel(input, axes, code);
  const out = keepDims ? flat.share(reducedShape(x.shape, axes, true), 0, 'rowMajor') : flat;
  releaseTemporary(flat, out);
  releaseTemporary(input, x);
  return out;
}

/** A reduction over no axes: every element by itself. */
function elementwiseReduction(x: Tensor, code: ReduceOp): Tensor {
  const source = rowMajor(x);
  const out = empty(x.shape, x.dtype);
  kernels().reduce(numbers(out), numbers(source), x.size, 1, 1, code);
  releaseTemporary(source, x);
  return out;
}
