import { ReduceOp } from '../../backend/kernels/index.js';
import { kernels } from '../../backend/select.js';
import { ShapeError } from '../../errors.js';
import { type Op, record } from '../../tape/node.js';
import { dim, formatShape, normalizeAxes, type Shape } from '../../tensor/shape.js';
import { empty, releaseTemporary, rowMajor, type Tensor } from '../../tensor/tensor.js';
import { checkTensor, converted, memoryOrder, numbers } from './define.js';

/** One axis or several, negative from the end; all when undefined. */
export type Axes = number | readonly number[] | undefined;

/** What the gradient of a reduction needs to know. */
export interface ReduceAttrs {
  readonly axes: readonly number[];
  readonly shape: Shape;
  /** Number of elements behind each result. */
  readonly count: number;
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

/** How one reduction differs from the others. */
export interface Reduction {
  readonly op: Op<ReduceAttrs>;
  readonly code: ReduceOp;
  readonly saves: 'nothing' | 'input' | 'both';
}

/** Runs a reduction, and records it. */
export function reduction(
  x: Tensor,
  name: string,
  { op, code, saves }: Reduction,
  axes: Axes,
  keepDims: boolean,
): Tensor {
  checkTensor(x, name);
  const list = normalizeAxes(axes, x.rank, name);
  const count = list.reduce((n, axis) => n * dim(x.shape, axis), 1);
  if (count === 0 && (code === ReduceOp.max || code === ReduceOp.min)) {
    throw new ShapeError(
      `${name}: ${formatShape(x.shape)} has nothing to choose from along axes ${formatShape(list)}`,
    );
  }
  const input = x.dtype === 'uint8' ? converted(x, 'int32') : x;
  const attrs: ReduceAttrs = { axes: list, shape: x.shape, count };
  const reduced =
    list.length === 0 ? elementwiseReduction(input, code) : reduceKernel(input, list, code);
  const out = keepDims ? reduced.share(reducedShape(x.shape, list, true), 0, 'rowMajor') : reduced;
  releaseTemporary(reduced, out);
  releaseTemporary(input, x);
  const saved = saves === 'nothing' ? [] : saves === 'input' ? [x] : [x, out];
  return record(op, out, [x], saved, attrs);
}

/** A reduction over no axes: every element by itself. */
function elementwiseReduction(x: Tensor, code: ReduceOp): Tensor {
  const source = rowMajor(x);
  const out = empty(x.shape, x.dtype);
  kernels().reduce(numbers(out), numbers(source), x.size, 1, 1, code);
  releaseTemporary(source, x);
  return out;
}
