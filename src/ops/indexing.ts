import { kernels } from '../backend/select.js';
import { DTypeError, ShapeError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Nothing } from '../tape/node.js';
import { record } from '../tape/record.js';
import { type DType, isFloat } from '../tensor/dtype.js';
import {
  dim,
  formatShape,
  normalizeAxis,
  type Shape,
  sameShape,
  splitAtAxis,
} from '../tensor/shape.js';
import { empty, releaseTemporary, rowMajor, type Tensor } from '../tensor/tensor.js';
import { checkedDType } from './creation.js';
import { add, mul } from './elementwise.js';
import { composite } from './kit/composite.js';
import {
  checkFloat,
  checkSameDType,
  checkTensor,
  converted,
  defineOp,
  floats,
  inputShape,
  ints,
  memoryOrder,
} from './kit/define.js';
import { checkInteger } from './kit/options.js';
import { pad, sliceBy } from './slice.js';

// An index that lies outside its axis is found by the kernel, which throws an IndexFaultError: at once on the
// TypeScript backend, at the next synchronisation on the native one.

/** Throws unless x holds integers. @internal */
export function checkIndex(x: Tensor, op: string, name = 'index'): void {
  checkTensor(x, op, name);
  if (isFloat(x.dtype)) {
    throw new DTypeError(`${op}: ${name} is ${x.dtype}, expected int32 or uint8 (see cast())`);
  }
}

/** An index as kernels take it: int32, row-major. @internal */
export function int32Index(x: Tensor): Tensor {
  const integers = converted(x, 'int32');
  const ordered = rowMajor(integers);
  if (ordered !== integers) releaseTemporary(integers, x);
  return ordered;
}

// --- one index an element ---------------------------------------------------------------------------------

interface GatherAttrs {
  readonly axis: number;
}

interface ScatterAttrs extends GatherAttrs {
  /** Of the zeros that are added to. */
  readonly shape: Shape;
}

type SavedIndex = { readonly index: Tensor };

const gatherOp = defineOp<SavedIndex, GatherAttrs>('gather', (g, node) => [
  scattered(g, node.saved.index, { axis: node.attrs.axis, shape: inputShape(node) }),
]);
const scatterOp = defineOp<SavedIndex, ScatterAttrs>('scatter', (g, { saved, attrs }) => [
  gathered(g, saved.index, attrs),
]);

/** The elements of x that index names; both have the same sizes except along the axis. @internal */
export function gathered(x: Tensor, index: Tensor, { axis }: GatherAttrs): Tensor {
  const [source, ids] = [rowMajor(x), int32Index(index)];
  const out = empty(index.shape, x.dtype);
  const around = splitAtAxis(x.shape, axis);
  const count = dim(index.shape, axis);
  kernels().gather(out.raw, source.raw, ints(ids), around.outer, around.axis, around.inner, count);
  releaseTemporary(source, x);
  record(gatherOp, out, [x, index], { index: ids }, { axis });
  releaseTemporary(ids, index);
  return out;
}

/** Zeros with x added where index says: the transpose of {@link gathered}. */
function scattered(x: Tensor, index: Tensor, attrs: ScatterAttrs): Tensor {
  const [source, ids] = [rowMajor(x), int32Index(index)];
  const out = empty(attrs.shape, x.dtype);
  const { outer, axis, inner } = splitAtAxis(attrs.shape, attrs.axis);
  kernels().fill(out.raw, out.size, 0);
  const count = dim(index.shape, attrs.axis);
  kernels().scatterAdd(floats(out), floats(source), ints(ids), outer, axis, inner, count);
  releaseTemporary(source, x);
  record(scatterOp, out, [x, index], { index: ids }, attrs);
  releaseTemporary(ids, index);
  return out;
}

/** Throws unless an index has x's rank and is no larger than x, except along `axis`. */
function checkIndexFits(op: string, name: string, x: Shape, index: Shape, axis: number): void {
  const fits =
    index.length === x.length && index.every((size, i) => i === axis || size <= dim(x, i));
  if (!fits) {
    const except = axis >= 0 ? ` except along axis ${axis}` : '';
    throw new ShapeError(
      `${op}: index ${formatShape(index)} does not fit ${name} ${formatShape(x)}; expected as many axes, ` +
        `and sizes no larger${except}`,
    );
  }
}

/** The leading part of x of the given shape; x itself if that is all of it. */
function leadingPart(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  return sliceBy(
    x,
    shape.map((size): readonly [number, number] => [0, size]),
  );
}

/**
 * Picks along an axis: out[i][j] = x[index[i][j]][j] for axis 0, and so on.
 * @param index integers of x's rank; other sizes may be smaller than x's (the leading part of x is used)
 * @returns index's shape
 */
export function gather(x: Tensor, axis: number, index: Tensor): Tensor {
  checkTensor(x, 'gather');
  checkIndex(index, 'gather');
  const at = normalizeAxis(axis, x.rank, 'gather');
  checkIndexFits('gather', 'input', x.shape, index.shape, at);
  return composite(() => {
    const shape = index.shape.map((size, i) => (i === at ? dim(x.shape, at) : size));
    return gathered(leadingPart(x, shape), index, { axis: at });
  });
}

/**
 * x with `source` added where `index` says: out[index[i][j]][j] += source[i][j] for axis 0, and so on.
 * Elements named more than once receive the sum.
 * @param index integers of x's rank; sizes no larger than source's, nor, except along the axis, than x's
 */
export function scatterAdd(x: Tensor, axis: number, index: Tensor, source: Tensor): Tensor {
  checkFloat(x, 'scatterAdd');
  checkFloat(source, 'scatterAdd', 'source');
  checkSameDType('scatterAdd', x, source);
  checkIndex(index, 'scatterAdd');
  const at = normalizeAxis(axis, x.rank, 'scatterAdd');
  checkIndexFits('scatterAdd', 'input', x.shape, index.shape, at);
  checkIndexFits('scatterAdd', 'source', source.shape, index.shape, -1);
  return composite(() => {
    const shape = index.shape.map((size, i) => (i === at ? dim(x.shape, at) : size));
    const part = leadingPart(source, index.shape);
    const sums = scattered(part, index, { axis: at, shape });
    if (sameShape(shape, x.shape)) return add(x, sums);
    return add(
      x,
      pad(
        sums,
        shape.map((size, i): readonly [number, number] => [0, dim(x.shape, i) - size]),
      ),
    );
  });
}

// --- one index a slice --------------------------------------------------------------------------------------

const indexSelectOp = defineOp<SavedIndex, GatherAttrs>('indexSelect', (g, node) => [
  spread(g, node.saved.index, { axis: node.attrs.axis, shape: inputShape(node) }),
]);
const spreadOp = defineOp<SavedIndex, ScatterAttrs>('indexScatter', (g, { saved, attrs }) => [
  selected(g, saved.index, attrs.axis),
]);

/** Sizes around an axis, in the order of x's memory. */
function splitInMemory(shape: Shape, axis: number, { layout }: Tensor) {
  const order = memoryOrder(shape.length, layout);
  return splitAtAxis(
    order.map((at) => dim(shape, at)),
    order.indexOf(axis),
  );
}

function selected(x: Tensor, index: Tensor, at: number): Tensor {
  const ids = int32Index(index);
  const { outer, axis, inner } = splitInMemory(x.shape, at, x);
  const shape = x.shape.map((size, i) => (i === at ? index.size : size));
  const out = empty(shape, x.dtype, x.layout);
  kernels().indexSelect(out.raw, x.raw, ints(ids), outer, axis, inner, index.size);
  record(indexSelectOp, out, [x, index], { index: ids }, { axis: at });
  releaseTemporary(ids, index);
  return out;
}

/** Zeros with the slices of x added where index says: the transpose of {@link selected}. */
function spread(x: Tensor, index: Tensor, attrs: ScatterAttrs): Tensor {
  const ids = int32Index(index);
  const { outer, axis, inner } = splitInMemory(attrs.shape, attrs.axis, x);
  const out = empty(attrs.shape, x.dtype, x.layout);
  kernels().fill(out.raw, out.size, 0);
  kernels().indexAdd(floats(out), floats(x), ints(ids), outer, axis, inner, index.size);
  record(spreadOp, out, [x, index], { index: ids }, attrs);
  releaseTemporary(ids, index);
  return out;
}

function checkVectorIndex(index: Tensor, op: string): void {
  checkIndex(index, op);
  if (index.rank !== 1) {
    throw new ShapeError(`${op}: index ${formatShape(index.shape)}, expected one axis`);
  }
}

/** The slices of x along an axis that a vector of integers names, in its order. */
export function indexSelect(x: Tensor, axis: number, index: Tensor): Tensor {
  checkTensor(x, 'indexSelect');
  const at = normalizeAxis(axis, x.rank, 'indexSelect');
  checkVectorIndex(index, 'indexSelect');
  return selected(x, index, at);
}

export interface IndexAddOptions {
  /** Factor of source. Default: 1. */
  alpha?: number;
}

const INDEX_ADD: OptionNames<IndexAddOptions> = { alpha: true };

/**
 * x with alpha times the slices of `source` added to those slices along an axis that `index` names.
 * @param index a vector of integers, one for each slice of source
 */
export function indexAdd(
  x: Tensor,
  axis: number,
  index: Tensor,
  source: Tensor,
  options: IndexAddOptions = {},
): Tensor {
  checkFloat(x, 'indexAdd');
  checkOptions('indexAdd', options, INDEX_ADD);
  const { alpha = 1 } = options;
  checkFloat(source, 'indexAdd', 'source');
  checkSameDType('indexAdd', x, source);
  const at = normalizeAxis(axis, x.rank, 'indexAdd');
  checkVectorIndex(index, 'indexAdd');
  const expected = x.shape.map((size, i) => (i === at ? index.size : size));
  if (!sameShape(source.shape, expected)) {
    throw new ShapeError(
      `indexAdd: source ${formatShape(source.shape)} with ${index.size} indices into axis ${at} of ` +
        `${formatShape(x.shape)}, expected ${formatShape(expected)}`,
    );
  }
  return composite(() => {
    const sums = spread(source, index, { axis: at, shape: x.shape });
    return add(x, alpha === 1 ? sums : mul(sums, alpha));
  });
}

export interface OneHotOptions {
  /** Default: float32. */
  dtype?: DType;
}

const ONE_HOT: OptionNames<OneHotOptions> = { dtype: true };

interface OneHotAttrs {
  readonly classes: number;
  readonly dtype: DType;
}

const oneHotOp = defineOp<Nothing, OneHotAttrs>('oneHot');

/**
 * Class numbers as rows with a single one.
 * @param index integers from 0 to classes − 1, of any shape
 * @returns [...index.shape, classes]
 */
export function oneHot(index: Tensor, classes: number, options: OneHotOptions = {}): Tensor {
  checkIndex(index, 'oneHot');
  checkOptions('oneHot', options, ONE_HOT);
  checkInteger(classes, 'classes', 'oneHot', 1);
  const dtype = checkedDType(options.dtype, 'oneHot');
  const ids = int32Index(index);
  const out = empty([...index.shape, classes], dtype);
  kernels().oneHot(out.raw, ints(ids), index.size, classes);
  releaseTemporary(ids, index);
  return record(oneHotOp, out, [index], {}, { classes, dtype });
}
