import { backend, kernels } from '../backend/select.js';
import { ArgumentError, AutogradError, ShapeError } from '../errors.js';
import { checkOptions, inWords, type OptionNames } from '../options.js';
import { record } from '../tape/record.js';
import { RowSparseTensor } from '../tensor/rowSparse.js';
import { isRecording } from '../tensor/scope.js';
import { dim, formatShape, type Shape } from '../tensor/shape.js';
import { empty, releaseTemporary, rowMajor, type Tensor } from '../tensor/tensor.js';
import { full, zeros } from './creation.js';
import { cast, div, mul, notEqual } from './elementwise.js';
import { checkIndex, int32Index } from './indexing.js';
import { unrecorded } from './kit/composite.js';
import { checkFloat, defineOp, floats, floatsForWriting, inputShape, ints } from './kit/define.js';
import { reshape } from './view.js';

interface EmbeddingAttrs {
  /** The row that receives no gradient, from 0 on; absent if there is none. */
  readonly paddingIndex?: number;
  /** Divides gradients by how often their index occurs. */
  readonly scaleGradByFreq: boolean;
  /** The gradient has only the rows that occur. */
  readonly sparse: boolean;
  /** The limit of norms, where rows were changed to keep it. */
  readonly maxNorm?: number;
  readonly normType?: number;
}

type SavedIndex = { readonly index: Tensor };

const embeddingOp = defineOp<SavedIndex, EmbeddingAttrs>('embedding', (g, node) => {
  const { index } = node.saved;
  const { paddingIndex, scaleGradByFreq, sparse } = node.attrs;
  const shape = inputShape(node, 1);
  // A gradient that is recorded has a gradient itself, so it is dense.
  if (sparse && !isRecording()) {
    const source = rowMajor(g);
    const gradient = RowSparseTensor.of(index, source, shape, paddingIndex ?? -1);
    releaseTemporary(source, g);
    return [null, gradient];
  }
  const scaled = scaleGradByFreq ? div(g, frequencies(index, dim(shape, 0))) : g;
  return [null, embeddingGrad(scaled, index, { shape, ...paddingAt(paddingIndex) })];
});

interface GradAttrs {
  /** Of the weight, [rows, features]. */
  readonly shape: Shape;
  readonly paddingIndex?: number;
}

const embeddingGradOp = defineOp<SavedIndex, GradAttrs>('embeddingGrad', (g, { saved, attrs }) => {
  const { index } = saved;
  const { paddingIndex } = attrs;
  const rows = lookedUp(index, g, {
    ...paddingAt(paddingIndex),
    scaleGradByFreq: false,
    sparse: false,
  });
  if (paddingIndex === undefined) return [rows];
  const keep = cast(notEqual(index, paddingIndex), g.dtype);
  return [mul(rows, reshape(keep, [...index.shape, 1]))];
});

function paddingAt(paddingIndex: number | undefined): { readonly paddingIndex?: number } {
  return paddingIndex === undefined ? {} : { paddingIndex };
}

/** How often each index occurs, as a last axis of one: [...index.shape, 1]. */
function frequencies(index: Tensor, rows: number): Tensor {
  return unrecorded(() => {
    const ones = full(index.shape, 1);
    const counts = zeros([rows]);
    kernels().indexAdd(floats(counts), floats(ones), ints(index), 1, rows, 1, index.size);
    const each = empty([...index.shape, 1], 'float32');
    kernels().indexSelect(each.raw, counts.raw, ints(index), 1, rows, 1, index.size);
    return each;
  });
}

/** Limits the norm of the rows that occur, in place. */
function renormed(weight: Tensor, index: Tensor, maxNorm: number, normType: number): void {
  if (weight.node !== null) {
    throw new AutogradError(
      `embedding: maxNorm changes the weight in place, and this one was computed by ${weight.node.op.name}; ` +
        'expected a leaf',
    );
  }
  const ids = int32Index(index);
  const [rows, features] = [dim(weight.shape, 0), dim(weight.shape, 1)];
  const table = floatsForWriting(weight);
  backend().faultsAs('embedding', () =>
    kernels().renormRows(table, ints(ids), index.size, features, rows, maxNorm, normType),
  );
  releaseTemporary(ids, index);
}

function lookedUp(index: Tensor, weight: Tensor, attrs: EmbeddingAttrs): Tensor {
  const ids = int32Index(index);
  const [rows, features] = [dim(weight.shape, 0), dim(weight.shape, 1)];
  const out = empty([...index.shape, features], weight.dtype);
  backend().faultsAs('embedding', () =>
    kernels().indexSelect(out.raw, weight.raw, ints(ids), 1, rows, features, index.size),
  );
  record(embeddingOp, out, [index, weight], { index: ids }, attrs);
  releaseTemporary(ids, index);
  return out;
}

/** The rows of g added up in the rows of the weight that they were looked up from. */
function embeddingGrad(g: Tensor, index: Tensor, attrs: GradAttrs): Tensor {
  const { shape, paddingIndex } = attrs;
  const source = rowMajor(g);
  const [rows, features] = [dim(shape, 0), dim(shape, 1)];
  const out = empty(shape, g.dtype);
  kernels().fill(out.raw, out.size, 0);
  kernels().indexAdd(floats(out), floats(source), ints(index), 1, rows, features, index.size);
  releaseTemporary(source, g);
  if (paddingIndex !== undefined) {
    const row = out.share([features], out.offset + paddingIndex * features);
    kernels().fill(row.raw, features, 0);
    row.dispose();
  }
  return record(embeddingGradOp, out, [g, index], { index }, attrs);
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

const EMBEDDING: OptionNames<EmbeddingOptions> = {
  paddingIndex: true,
  maxNorm: true,
  normType: true,
  scaleGradByFreq: true,
  sparse: true,
};

/** Throws unless the options other than paddingIndex are known, and in range. @internal */
export function checkEmbeddingOptions(options: EmbeddingOptions, owner: string): void {
  checkOptions(owner, options, EMBEDDING);
  const { maxNorm = 1, normType = 2, scaleGradByFreq = false, sparse = false } = options;
  if (!(typeof maxNorm === 'number' && maxNorm >= 0)) {
    throw new ArgumentError(`${owner}: maxNorm is ${maxNorm}, expected a number ≥ 0`);
  }
  if (!(typeof normType === 'number' && normType > 0)) {
    throw new ArgumentError(`${owner}: normType is ${normType}, expected a number > 0 or Infinity`);
  }
  for (const [name, value] of Object.entries({ scaleGradByFreq, sparse })) {
    if (typeof value === 'boolean') continue;
    throw new ArgumentError(`${owner}: ${name} is ${inWords(value)}, expected true or false`);
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
  const attrs = {
    ...paddingAt(paddingIndex === undefined ? undefined : rowOf(paddingIndex, rows)),
    scaleGradByFreq,
    sparse,
    ...(maxNorm === undefined ? {} : { maxNorm, normType }),
  };
  if (maxNorm !== undefined) renormed(weight, index, maxNorm, normType);
  return lookedUp(index, weight, attrs);
}

/** A paddingIndex, counted from the front. */
function rowOf(paddingIndex: number, rows: number): number {
  if (!Number.isInteger(paddingIndex) || paddingIndex < -rows || paddingIndex >= rows) {
    throw new ShapeError(
      `embedding: paddingIndex ${paddingIndex} is out of range for a weight of ${rows} rows`,
    );
  }
  return paddingIndex < 0 ? paddingIndex + rows : paddingIndex;
}
