import { kindOf } from '../arguments.js';
import { ShapeError } from '../errors.js';
import { inWords } from '../options.js';

/** Sizes of the axes, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** Largest number of axes. */
export const MAX_RANK = 8;

/** Largest number of elements of one tensor: what an Int32 stride can span. */
const MAX_SIZE = 2 ** 31 - 1;

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const dim of shape) size *= dim;
  return size;
}

/** `[2, 3]`, as error messages write shapes. */
export function formatShape(shape: Shape): string {
  return Array.isArray(shape) || ArrayBuffer.isView(shape) ? inWords([...shape]) : inWords(shape);
}

/** Throws unless every size is an integer ≥ 0 and the whole fits. */
export function checkShape(shape: Shape, op: string): void {
  if (!Array.isArray(shape) && !ArrayBuffer.isView(shape)) {
    throw new ShapeError(`${op}: the shape is ${kindOf(shape)}, expected a list of sizes`);
  }
  if (shape.length > MAX_RANK) {
    throw new ShapeError(
      `${op}: ${shape.length} axes in ${formatShape(shape)}, at most ${MAX_RANK} work`,
    );
  }
  for (const dim of shape) {
    if (!Number.isInteger(dim) || dim < 0) {
      throw new ShapeError(`${op}: ${formatShape(shape)} is not a shape; sizes are integers ≥ 0`);
    }
  }
  if (sizeOf(shape) > MAX_SIZE) {
    throw new ShapeError(`${op}: ${formatShape(shape)} has more than ${MAX_SIZE} elements`);
  }
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The size of an axis that is known to exist. */
export function dim(shape: Shape, axis: number): number {
  const size = shape[axis];
  if (size === undefined)
    throw new ShapeError(`axis ${inWords(axis)} of ${formatShape(shape)} does not exist`);
  return size;
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= dim(shape, i);
  }
  return strides;
}

/** An axis as given by a user, negative from the end, as an index; throws when out of range. */
export function normalizeAxis(axis: number, rank: number, op: string): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const range = rank === 0 ? 'a scalar has no axes' : `expected ${-rank} to ${rank - 1}`;
    throw new ShapeError(`${op}: axis ${inWords(axis)} is out of range for ${rank} axes; ${range}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** Axes as given by a user (one, several, or undefined for all), sorted and without duplicates. */
export function normalizeAxes(
  axes: number | readonly number[] | undefined,
  rank: number,
  op: string,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const given = Array.isArray(axes) ? axes : [axes];
  const list = given.map((axis: number) => normalizeAxis(axis, rank, op));
  list.sort((a, b) => a - b);
  for (let i = 1; i < list.length; i++) {
    if (list[i] === list[i - 1]) throw new ShapeError(`${op}: axis ${list[i]} is named twice`);
  }
  return list;
}

/** The common shape under NumPy's broadcasting; throws when there is none. */
export function broadcastShapes(a: Shape, b: Shape, op: string): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const da = a[a.length - i] ?? 1;
    const db = b[b.length - i] ?? 1;
    if (da !== db && da !== 1 && db !== 1) {
      throw new ShapeError(
        `${op}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast: ` +
          `axis −${i} has ${da} and ${db}, expected equal sizes or 1`,
      );
    }
    out[rank - i] = da === 1 ? db : da;
  }
  return out;
}

/** True if `from` broadcasts to exactly `to`. */
export function broadcastsTo(from: Shape, to: Shape): boolean {
  if (from.length > to.length) return false;
  for (let i = 1; i <= from.length; i++) {
    const size = from[from.length - i];
    if (size !== 1 && size !== to[to.length - i]) return false;
  }
  return true;
}

/** Row-major strides of `shape` seen as `to`: 0 along axes that are broadcast. */
export function broadcastStrides(shape: Shape, to: Shape): number[] {
  const strides = new Array<number>(to.length).fill(0);
  let stride = 1;
  for (let i = 1; i <= shape.length; i++) {
    const size = dim(shape, shape.length - i);
    strides[to.length - i] = size === 1 ? 0 : stride;
    stride *= size;
  }
  return strides;
}

/**
 * Joins neighbouring axes that every operand walks as one, and drops axes of size 1, so that kernels see the
 * fewest and longest loops. Returns the plan `[rank, ...dims, ...strides of each operand]`.
 */
export function collapsePlan(shape: Shape, operands: readonly (readonly number[])[]): Int32Array {
  const dims: number[] = [];
  const strides: number[][] = operands.map(() => []);
  for (let axis = 0; axis < shape.length; axis++) {
    const size = dim(shape, axis);
    if (size === 1) continue;
    const last = dims.length - 1;
    const joins =
      last >= 0 && operands.every((s, o) => strides[o]?.[last] === (s[axis] ?? 0) * size);
    if (joins) {
      dims[last] = (dims[last] ?? 1) * size;
      operands.forEach((s, o) => {
        const own = strides[o];
        if (own) own[last] = s[axis] ?? 0;
      });
    } else {
      dims.push(size);
      operands.forEach((s, o) => {
        strides[o]?.push(s[axis] ?? 0);
      });
    }
  }
  if (dims.length === 0) {
    dims.push(1);
    for (const own of strides) own.push(0);
  }
  return Int32Array.from([dims.length, ...dims, ...strides.flat()]);
}

/** Views [.., axis, ..] as [outer, axis, inner]. */
export function splitAtAxis(
  shape: Shape,
  axis: number,
): { outer: number; axis: number; inner: number } {
  let outer = 1;
  let inner = 1;
  for (let i = 0; i < axis; i++) outer *= dim(shape, i);
  for (let i = axis + 1; i < shape.length; i++) inner *= dim(shape, i);
  return { outer, axis: dim(shape, axis), inner };
}
