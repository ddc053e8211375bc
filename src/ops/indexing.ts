import { kernels } from '../backend/select.js';
import { ArgumentError, AutogradError, DTypeError, ShapeError } from '../errors.js';
import { record } from '../tape/node.js';
import { type DType, isFloat } from '../tensor/dtype.js';
import { RowSparseTensor } from '../tensor/rowSparse.js';
import { isRecording } from '../tensor/scope.js';
import {
  dim,
  formatShape,
  normalizeAxis,
  type Shape,
  sameShape,
  splitAtAxis,
} from '../tensor/shape.js';
import { empty, releaseTemporary, rowMajor, type Tensor } from '../tensor/tensor.js';
import { checkedDType, full, zeros } from './creation.js';
import { add, cast, div, mul, notEqual } from './elementwise.js';
import { composite } from './kit/composite.js';
import {
  checkFloat,
  checkSameDType,
  checkTensor,
  converted,
  defineOp,
  floats,
  floatsForWriting,
  ints,
  memoryOrder,
} from './kit/define.js';
import { checkInteger } from './kit/options.js';
import { pad, slice } from './slice.js';
import { reshape } from './view.js';

// An index that lies outside its axis is found by the kernel, which throws an IndexFaultError: at once on the
// TypeScript backend, at the next synchronisation on the native one.

/** Throws unless x holds integers. @internal */
export function checkIndex(x: Tensor, op: string, name = 'index'): void {
  checkTensor(x, op, name);
  if (isFloat(x.dtype)) {
    throw new DTypeError(`${op}: ${name} is ${x.dtype}, expected int32 or uint8 (see cast())`);
  }
}

/** An index as kernels take it. */
function int32Index(x: Tensor): Tensor {
  const integers = converted(x, 'int32');
  const ordered = rowMajor(integers);
  if (ordered !== integers) releaseTemporary(integers, x);
  return ordered;
}

// --- one index an element ---------------------------------------------------------------------------------

/** @internal */
export interface GatherAttrs {
  readonly axis: number;
  /** Shape of what is gathered from. */
  readonly shape: Shape;
}

const gatherOp = defineOp<GatherAttrs>('gather', (g, node) => [
  scattered(g, node.saved(0), node.attrs),
]);
const scatterOp = defineOp<GatherAttrs>('scatterAdd', (g, node) => [
  gathered(g, node.saved(0), node.attrs),
]);

/** The elements of x that index names; both have the same sizes except along the axis. @internal */
export function gathered(x: Tensor, index: Tensor, attrs: GatherAttrs): Tensor {
  const source = rowMajor(x);
  const out = empty(index.shape, x.dtype);
  const { outer, axis, inner } = splitAtAxis(attrs.shape, attrs.axis);
  const count = dim(index.shape, attrs.axis);
  kernels().gather(out.raw, source.raw, ints(index), outer, axis, inner, count);
  releaseTemporary(source, x);
  return record(gatherOp, out, [x], [index], attrs);
}

/** Zeros with x added where index says: the transpose of {@link gathered}. */
function scattered(x: Tensor, index: Tensor, attrs: GatherAttrs): Tensor {
  const source = rowMajor(x);
  const out = empty(attrs.shape, x.dtype);
  const { outer, axis, inner } = splitAtAxis(attrs.shape, attrs.axis);
  kernels().fill(out.raw, out.size, 0);
  const count = dim(index.shape, attrs.axis);
  kernels().scatterAdd(floats(out), floats(source), ints(index), outer, axis, inner, count);
  releaseTemporary(source, x);
  return record(scatterOp, out, [x], [index], attrs);
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
  return slice(x, ...shape.map((size): readonly [number, number] => [0, size]));
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
    return gathered(leadingPart(x, shape), int32Index(index), { axis: at, shape });
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
    const sums = scattered(part, int32Index(index), { axis: at, shape });
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

const indexSelectOp = defineOp<GatherAttrs>('indexSelect', (g, node) => [
  spread(g, node.saved(0), node.attrs),
]);
const spreadOp = defineOp<GatherAttrs>('indexAdd', (g, node) => [
  selected(g, node.saved(0), node.attrs),
]);

/** Sizes around the axis, in the order of x's memory. */
function splitInMemory({ shape, axis }: GatherAttrs, { layout }: Tensor) {
  const order = memoryOrder(shape.length, layout);
  return splitAtAxis(
    order.map((at) => dim(shape, at)),
    order.indexOf(axis),
  );
}

function selected(x: Tensor, index: Tensor, attrs: GatherAttrs): Tensor {
  const { outer, axis, inner } = splitInMemory(attrs, x);
  const shape = attrs.shape.map((size, i) => (i === attrs.axis ? index.size : size));
  const out = empty(shape, x.dtype, x.layout);
  kernels().indexSelect(out.raw, x.raw, ints(index), outer, axis, inner, index.size);
  return record(indexSelectOp, out, [x], [index], attrs);
}

/** Zeros with the slices of x added where index says: the transpose of {@link selected}. */
function spread(x: Tensor, index: Tensor, attrs: GatherAttrs): Tensor {
  const { outer, axis, inner } = splitInMemory(attrs, x);
  const out = empty(attrs.shape, x.dtype, x.layout);
  kernels().fill(out.raw, out.size, 0);
  kernels().indexAdd(floats(out), floats(x), ints(index), outer, axis, inner, index.size);
  return record(spreadOp, out, [x], [index], attrs);
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
  const ids = int32Index(index);
  const out = selected(x, ids, { axis: at, shape: x.shape });
  releaseTemporary(ids, index);
  return out;
}

/**
 * x with alpha times the slices of `source` added to those slices along an axis that `index` names.
 * @param index a vector of integers, one for each slice of source
 * @param alpha factor of source, 1 by default
 */
export function indexAdd(
  x: Tensor,
  axis: number,
  index: Tensor,
  source: Tensor,
  alpha = 1,
): Tensor {
  checkFloat(x, 'indexAdd');
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
    const sums = spread(source, int32Index(index), { axis: at, shape: x.shape });
    return add(x, alpha === 1 ? sums : mul(sums, alpha));
  });
}

export interface OneHotOptions {
  /** Default: float32. */
  dtype?: DType;
}

/**
 * Class numbers as rows with a single one.
 * @param index integers from 0 to classes − 1, of any shape
 * @returns [...index.shape, classes]
 */
export function oneHot(index: Tensor, classes: number, options: OneHotOptions = {}): Tensor {
  checkIndex(index, 'oneHot');
  checkInteger(classes, 'classes', 'oneHot', 1);
  const dtype = checkedDType(options.dtype, 'oneHot');
  const ids = int32Index(index);
  const out = empty([...index.shape, classes], dtype);
  kernels().oneHot(out.raw, ints(ids), index.size, classes);
  releaseTemporary(ids, index);
  return out;
}

// --- embedding ------------------------------------------------------------------------------------------------

interface EmbeddingAttrs {
  /** Shape of the weight, [rows, features]. */
  readonly shape: Shape;
  /** The row that receives no gradient, or −1. */
  readonly padding: number;
  /** Divides gradients by how often their index occurs. */
  readonly scaleByFreq: boolean;
  /** The gradient has only the rows that occur. */
  readonly sparse: boolean;
}

const embeddingOp = defineOp<EmbeddingAttrs>('embedding', (g, node) => {
  const { attrs } = node;
  const index = node.saved(0);
  // A gradient that is recorded has a gradient itself, so it is dense.
  if (attrs.sparse && !isRecording()) {
    const source = rowMajor(g);
    const gradient = RowSparseTensor.of(index, source, attrs.shape, attrs.padding);
    releaseTemporary(source, g);
    return [gradient];
  }
  return [embeddingGrad(attrs.scaleByFreq ? div(g, frequencies(index, attrs)) : g, index, attrs)];
});
const embeddingGradOp = defineOp<EmbeddingAttrs>('embeddingGrad', (g, node) => {
  const index = node.saved(0);
  const rows = lookedUp(g, index, node.attrs);
  if (node.attrs.padding < 0) return [rows];
  const keep = cast(notEqual(index, node.attrs.padding), g.dtype);
  return [mul(rows, reshape(keep, [...index.shape, 1]))];
});

/** How often each index occurs, as a last axis of one: [...index.shape, 1]. */
function frequencies(index: Tensor, { shape }: EmbeddingAttrs): Tensor {
  const rows = dim(shape, 0);
  const ones = full(index.shape, 1);
  const counts = zeros([rows]);
  kernels().indexAdd(floats(counts), floats(ones), ints(index), 1, rows, 1, index.size);
  const each = empty([...index.shape, 1], 'float32');
  kernels().indexSelect(each.raw, counts.raw, ints(index), 1, rows, 1, index.size);
  return each;
}

/** Limits the norm of the rows that occur, in place. */
function renormed(weight: Tensor, index: Tensor, maxNorm: number, normType: number): void {
  if (weight.node !== null) {
    throw new AutogradError(
      `embedding: maxNorm changes the weight in place, and this one was computed by ${weight.node.op.name}; ` +
        'expected a leaf',
    );
  }
  const [rows, features] = [dim(weight.shape, 0), dim(weight.shape, 1)];
  kernels().renormRows(
    floatsForWriting(weight),
    ints(index),
    index.size,
    features,
    rows,
    maxNorm,
    normType,
  );
}

function lookedUp(weight: Tensor, index: Tensor, attrs: EmbeddingAttrs): Tensor {
  const [rows, features] = [dim(attrs.shape, 0), dim(attrs.shape, 1)];
  const out = empty([...index.shape, features], weight.dtype);
  kernels().indexSelect(out.raw, weight.raw, ints(index), 1, rows, features, index.size);
  return record(embeddingOp, out, [weight], [index], attrs);
}

function embeddingGrad(g: Tensor, index: Tensor, attrs: EmbeddingAttrs): Tensor {
  const source = rowMajor(g);
  const [rows, features] = [dim(attrs.shape, 0), dim(attrs.shape, 1)];
  const out = empty(attrs.shape, g.dtype);
  kernels().fill(out.raw, out.size, 0);
  kernels().indexAdd(floats(out), floats(source), ints(index), 1, rows, features, index.size);
  releaseTemporary(source, g);
  if (attrs.padding >= 0) {
    const row = out.share([features], out.offset + attrs.padding * features);
    kernels().fill(row.raw, features, 0);
    row.dispose();
  }
  return record(embeddingGradOp, out, [g], [index], attrs);
}

export interface EmbeddingOptions {
  /** A row, negative from the end, that receives no gradient. Default: none. */
  paddingIndex?: number;
  /**
   * Rows that are looked up and have a larger norm are first scaled down to it, in place, also in evaluation. The
   * weight has to be a leaf. Default: no limit.
   */
  maxNorm?: number;
  /** p of the p-norm that maxNorm limits, above 0; Infinity for the largest magnitude. Default: 2. */
  normType?: number;
  /** Divides gradients by how often their index occurs in this call. Not together with sparse. Default: false. */
  scaleGradByFreq?: boolean;
  /**
   * Makes the weight's gradient a {@link RowSparseTensor} of the rows that occur, which `optim.SGD`, `Adagrad` and
   * `SparseAdam` take. It is dense where a dense gradient of the same weight is added to it, where the weight is no
   * leaf, and with `createGraph`. Default: false.
   */
  sparse?: boolean;
}

/** Throws unless the options other than paddingIndex are in range. @internal */
export function checkEmbeddingOptions(options: EmbeddingOptions, owner: string): void {
  const { maxNorm = 1, normType = 2, scaleGradByFreq = false, sparse = false } = options;
  if (!(typeof maxNorm === 'number' && maxNorm >= 0)) {
    throw new ArgumentError(`${owner}: maxNorm is ${maxNorm}, expected a number ≥ 0`);
  }
  if (!(typeof normType === 'number' && normType > 0)) {
    throw new ArgumentError(`${owner}: normType is ${normType}, expected a number > 0 or Infinity`);
  }
  for (const [name, value] of Object.entries({ scaleGradByFreq, sparse })) {
    if (typeof value === 'boolean') continue;
    throw new ArgumentError(`${owner}: ${name} is ${String(value)}, expected true or false`);
  }
  if (scaleGradByFreq && sparse) {
    throw new ArgumentError(
      `${owner}: scaleGradByFreq does not go together with sparse; expected one of them`,
    );
  }
}

/**
 * Looks rows of a table up.
 * @param index integers from 0 to rows − 1, of any shape
 * @param weight [rows, features]
 * @returns [...index.shape, features]
 * @throws ShapeError for a weight that is no matrix, or a paddingIndex out of range
 * @throws ArgumentError for other options out of range
 * @throws AutogradError for maxNorm with a weight that was computed
 * @throws IndexFaultError for an index out of range: on the native backend at the next synchronisation
 */
export function embedding(index: Tensor, weight: Tensor, options: EmbeddingOptions = {}): Tensor {
  checkIndex(index, 'embedding');
  checkFloat(weight, 'embedding', 'weight');
  if (weight.rank !== 2) {
    throw new ShapeError(
      `embedding: weight ${formatShape(weight.shape)}, expected [rows, features]`,
    );
  }
  checkEmbeddingOptions(options, 'embedding');
  const { paddingIndex, maxNorm, normType = 2, scaleGradByFreq = false, sparse = false } = options;
  const rows = dim(weight.shape, 0);
  let padding = -1;
  if (paddingIndex !== undefined) {
    if (!Number.isInteger(paddingIndex) || paddingIndex < -rows || paddingIndex >= rows) {
      throw new ShapeError(
        `embedding: paddingIndex ${paddingIndex} is out of range for a weight of ${rows} rows`,
      );
    }
    padding = paddingIndex < 0 ? paddingIndex + rows : paddingIndex;
  }
  const ids = int32Index(index);
  if (maxNorm !== undefined) renormed(weight, ids, maxNorm, normType);
  const attrs = { shape: weight.shape, padding, scaleByFreq: scaleGradByFreq, sparse };
  const out = lookedUp(weight, ids, attrs);
  releaseTemporary(ids, index);
  return out;
}
