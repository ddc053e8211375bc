import { kernels } from '../backend/select.js';
import { ArgumentError, DTypeError, ShapeError } from '../errors.js';
import { checkOptions, inWords, type OptionNames } from '../options.js';
import type { Nothing } from '../tape/node.js';
import { record } from '../tape/record.js';
import { type DType, isFloat } from '../tensor/dtype.js';
import { defaultGenerator, type Generator } from '../tensor/random.js';
import { broadcastsTo, checkShape, formatShape, type Shape } from '../tensor/shape.js';
import { empty, inLayout, releaseTemporary, type Tensor } from '../tensor/tensor.js';
import {
  checkedDType,
  copyFrom,
  full,
  NO_INPUTS,
  overwrite,
  TENSOR,
  type TensorOptions,
} from './creation.js';
import { less, mul, type TensorLike } from './elementwise.js';
import { unrecorded } from './kit/composite.js';
import {
  checkFloat,
  checkTensor,
  converted,
  defineOp,
  type FloatArray,
  floats,
  ints,
  mask,
} from './kit/define.js';
import { checkAxes } from './kit/imageAxes.js';
import { checkFraction } from './kit/options.js';

export interface RandomOptions extends TensorOptions {
  /** Where the numbers come from. Default: the generator that manualSeed() seeds. */
  generator?: Generator;
}

const RANDOM: OptionNames<RandomOptions> = { ...TENSOR, generator: true };

/** What every op that draws numbers has. */
interface DrawAttrs {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Draws n floats, as the random kernels do. */
type FloatKernel = (
  out: FloatArray,
  n: number,
  seedLow: number,
  seedHigh: number,
  counter: number,
  p: number,
  q: number,
) => void;

function checkFloatDType(options: RandomOptions, op: string): DType {
  const dtype = checkedDType(options.dtype, op);
  if (isFloat(dtype)) return dtype;
  throw new DTypeError(`${op}: dtype is ${dtype}, expected float32 or float64 (see randint())`);
}

/** Floats, not recorded. */
function drawFloats(
  op: string,
  kernel: FloatKernel,
  shape: Shape,
  p: number,
  q: number,
  options: RandomOptions,
): Tensor {
  checkShape(shape, op);
  const made = empty([...shape], checkFloatDType(options, op));
  const { generator = defaultGenerator } = options;
  kernel(floats(made), made.size, ...generator.reserve(made.size), p, q);
  if (options.requiresGrad) made.requiresGrad = true;
  return made;
}

/** Draws the elements of a leaf anew: as float32, in row-major order, whatever it is. */
function redraw(
  op: string,
  kernel: FloatKernel,
  x: Tensor,
  p: number,
  q: number,
  generator: Generator = defaultGenerator,
): void {
  checkTensor(x, op);
  if (x.dtype === 'float32' && x.layout === 'rowMajor') {
    overwrite(x, op, () => kernel(floats(x), x.size, ...generator.reserve(x.size), p, q));
    return;
  }
  const drawn = drawFloats(op, kernel, x.shape, p, q, { generator });
  copyFrom(x, drawn);
  drawn.dispose();
}

function checkRange(low: number, high: number): void {
  if (low < high && Number.isFinite(high - low)) return;
  throw new ArgumentError(`uniform: low ${low} and high ${high}, expected finite low < high`);
}

function checkMoments(mean: number, std: number): void {
  if (Number.isFinite(mean) && Number.isFinite(std) && std >= 0) return;
  throw new ArgumentError(`normal: mean ${mean} and std ${std}, expected finite numbers, std ≥ 0`);
}

/** As {@link uniform}, in place of a leaf's elements. @internal */
export function redrawUniform(x: Tensor, low: number, high: number, generator?: Generator): void {
  checkRange(low, high);
  redraw('uniform', kernels().randomUniform, x, low, high, generator);
}

/** As {@link normal}, in place of a leaf's elements. @internal */
export function redrawNormal(x: Tensor, mean: number, std: number, generator?: Generator): void {
  checkMoments(mean, std);
  redraw('normal', kernels().randomNormal, x, mean, std, generator);
}

export interface UniformOptions extends RandomOptions {
  /** Least value. Default: 0. */
  low?: number;
  /** All values are below it. Default: 1. */
  high?: number;
}

const UNIFORM: OptionNames<UniformOptions> = { ...RANDOM, low: true, high: true };
const uniformOp = defineOp<Nothing, DrawAttrs & { low: number; high: number }>('uniform');

/** Numbers drawn uniformly from [low, high), [0, 1) by default. */
export function uniform(shape: Shape, options: UniformOptions = {}): Tensor {
  checkOptions('uniform', options, UNIFORM);
  const { low = 0, high = 1 } = options;
  checkRange(low, high);
  const made = drawFloats('uniform', kernels().randomUniform, shape, low, high, options);
  const { dtype } = made;
  return record(uniformOp, made, NO_INPUTS, {}, { shape: made.shape, low, high, dtype });
}

export interface NormalOptions extends RandomOptions {
  /** Default: 0. */
  mean?: number;
  /** Standard deviation. Default: 1. */
  std?: number;
}

const NORMAL: OptionNames<NormalOptions> = { ...RANDOM, mean: true, std: true };
const normalOp = defineOp<Nothing, DrawAttrs & { mean: number; std: number }>('normal');

/** Numbers drawn from the normal distribution, mean 0 and standard deviation 1 by default. */
export function normal(shape: Shape, options: NormalOptions = {}): Tensor {
  checkOptions('normal', options, NORMAL);
  const { mean = 0, std = 1 } = options;
  checkMoments(mean, std);
  const made = drawFloats('normal', kernels().randomNormal, shape, mean, std, options);
  const { dtype } = made;
  return record(normalOp, made, NO_INPUTS, {}, { shape: made.shape, mean, std, dtype });
}

const randOp = defineOp<Nothing, DrawAttrs>('rand');
const randnOp = defineOp<Nothing, DrawAttrs>('randn');

/** Numbers drawn uniformly from [0, 1). */
export function rand(shape: Shape, options: RandomOptions = {}): Tensor {
  checkOptions('rand', options, RANDOM);
  const made = drawFloats('rand', kernels().randomUniform, shape, 0, 1, options);
  return record(randOp, made, NO_INPUTS, {}, { shape: made.shape, dtype: made.dtype });
}

/** Numbers drawn from the standard normal distribution. */
export function randn(shape: Shape, options: RandomOptions = {}): Tensor {
  checkOptions('randn', options, RANDOM);
  const made = drawFloats('randn', kernels().randomNormal, shape, 0, 1, options);
  return record(randnOp, made, NO_INPUTS, {}, { shape: made.shape, dtype: made.dtype });
}

const randintOp = defineOp<Nothing, DrawAttrs & { low: number; high: number }>('randint');

function isInt32(value: number): boolean {
  return typeof value === 'number' && (value | 0) === value;
}

/** Integers drawn uniformly from [low, high). dtype defaults to int32. */
export function randint(
  low: number,
  high: number,
  shape: Shape,
  options: RandomOptions = {},
): Tensor {
  checkOptions('randint', options, RANDOM);
  if (!isInt32(low) || typeof high !== 'number' || !isInt32(high - 1) || low >= high) {
    throw new ArgumentError(
      `randint: low ${inWords(low)} and high ${inWords(high)}, expected integers low < high from −2^31 to 2^31`,
    );
  }
  checkShape(shape, 'randint');
  const dtype = checkedDType(options.dtype ?? 'int32', 'randint');
  const { generator = defaultGenerator } = options;
  const drawn = empty([...shape], 'int32');
  kernels().randomInteger(ints(drawn), drawn.size, ...generator.reserve(drawn.size), low, high);
  const made = converted(drawn, dtype);
  releaseTemporary(drawn, made);
  if (options.requiresGrad) made.requiresGrad = true;
  return record(randintOp, made, NO_INPUTS, {}, { shape: made.shape, low, high, dtype });
}

interface BernoulliAttrs extends DrawAttrs {
  /** Absent where it is a tensor, the op's input. */
  readonly p?: number;
}

function checkProbabilities(p: Tensor, shape: Shape): void {
  checkTensor(p, 'bernoulli', 'p');
  if (broadcastsTo(p.shape, shape)) return;
  throw new ShapeError(
    `bernoulli: p ${formatShape(p.shape)} does not broadcast to ${formatShape(shape)}`,
  );
}

const bernoulliOp = defineOp<Nothing, BernoulliAttrs>('bernoulli');

/**
 * Ones with probability p, else zeros.
 * @param p a number from 0 to 1, or a tensor of them that broadcasts to `shape`
 */
export function bernoulli(shape: Shape, p: TensorLike, options: RandomOptions = {}): Tensor {
  checkOptions('bernoulli', options, RANDOM);
  checkShape(shape, 'bernoulli');
  if (typeof p === 'number') checkFraction(p, 'p', 'bernoulli');
  else checkProbabilities(p, shape);
  const dtype = checkedDType(options.dtype, 'bernoulli');
  const made = unrecorded(() => {
    const source = typeof p !== 'number' && isFloat(p.dtype) ? p.dtype : 'float32';
    const draws = rand(shape, { generator: options.generator ?? defaultGenerator, dtype: source });
    return converted(less(draws, p), dtype);
  });
  if (options.requiresGrad) made.requiresGrad = true;
  return typeof p === 'number'
    ? record(bernoulliOp, made, NO_INPUTS, {}, { shape: made.shape, p, dtype })
    : record(bernoulliOp, made, [p], {}, { shape: made.shape, dtype });
}

export interface DropoutOptions {
  /** False returns the input as it is. Default: true. */
  training?: boolean;
  /** Where the numbers come from. Default: the generator that manualSeed() seeds. */
  generator?: Generator;
}

const DROPOUT: OptionNames<DropoutOptions> = { training: true, generator: true };

type Kept = { readonly keep: Tensor };

const maskScaleOp = defineOp<Kept, { readonly scale: number }>('maskScale', (g, node) => [
  maskScale(g, node.saved.keep, node.attrs.scale),
]);

/** keep ? x·scale : 0 */
function maskScale(x: Tensor, keep: Tensor, scale: number): Tensor {
  const source = inLayout(x, keep.layout);
  const out = empty(x.shape, x.dtype, keep.layout);
  kernels().maskScale(floats(out), floats(source), mask(keep), x.size, 1, scale);
  releaseTemporary(source, x);
  return record(maskScaleOp, out, [x, keep], { keep }, { scale });
}

/** The probability of zeroing. */
interface DropoutAttrs {
  readonly p: number;
}

const dropoutOp = defineOp<Kept, DropoutAttrs>('dropout', (g, node) => [
  maskScale(g, node.saved.keep, 1 / (1 - node.attrs.p)),
]);

/**
 * Zeroes each element with probability p and scales the others by 1/(1 − p), so that the mean stays (Srivastava
 * et al. 2014). Elements are drawn in the order of memory, which both backends share.
 * @param p probability of zeroing, 0.5 by default
 */
export function dropout(x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor {
  checkFloat(x, 'dropout');
  checkFraction(p, 'p', 'dropout');
  checkOptions('dropout', options, DROPOUT);
  const { training = true, generator = defaultGenerator } = options;
  if (!training || p === 0) return x;
  const out = empty(x.shape, x.dtype, x.layout);
  const keep = empty(x.shape, 'uint8', x.layout);
  const draw = generator.reserve(x.size);
  kernels().dropout(floats(out), mask(keep), floats(x), x.size, 1, ...draw, p);
  record(dropoutOp, out, [x], { keep }, { p });
  keep.dispose();
  return out;
}

/** Channels are dropped by one factor each, a constant. */
function defineChannelDropout(name: string) {
  return defineOp<{ factors: Tensor }, DropoutAttrs>(name, (g, node) => [
    mul(g, node.saved.factors),
  ]);
}

const dropout1dOp = defineChannelDropout('dropout1d');
const dropout2dOp = defineChannelDropout('dropout2d');
const dropout3dOp = defineChannelDropout('dropout3d');

/** @param axes at the end that make up a channel */
function dropChannels(
  op: typeof dropout2dOp,
  axes: number,
  x: Tensor,
  p: number,
  options: DropoutOptions,
): Tensor {
  checkFraction(p, 'p', op.name);
  checkOptions(op.name, options, DROPOUT);
  const { training = true, generator = defaultGenerator } = options;
  if (!training || p === 0) return x;
  // One draw a channel, so that it does not depend on where in memory the channels lie.
  const shape = x.shape.map((size, axis) => (axis < x.rank - axes ? size : 1));
  const factors = unrecorded(() => dropout(full(shape, 1, { dtype: x.dtype }), p, { generator }));
  const out = unrecorded(() => mul(x, factors));
  record(op, out, [x], { factors }, { p });
  factors.dispose();
  return out;
}

/**
 * {@link dropout2d} of sequences.
 * @param x [N, C, L] or [C, L]
 */
export function dropout1d(x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor {
  checkAxes('dropout1d', 1, x);
  return dropChannels(dropout1dOp, 1, x, p, options);
}

/**
 * Zeroes whole channels with probability p and scales the others by 1/(1 − p) (Tompson et al. 2015).
 * @param x [N, C, ...]; three axes are [N, C, L], in PyTorch too
 * @param p probability of zeroing, 0.5 by default
 */
export function dropout2d(x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor {
  checkFloat(x, 'dropout2d');
  if (x.rank < 3) {
    throw new ShapeError(`dropout2d: input ${formatShape(x.shape)}, expected [N, C, ...]`);
  }
  return dropChannels(dropout2dOp, x.rank - 2, x, p, options);
}

/**
 * {@link dropout2d} of volumes.
 * @param x [N, C, D, H, W] or [C, D, H, W]
 */
export function dropout3d(x: Tensor, p = 0.5, options: DropoutOptions = {}): Tensor {
  checkAxes('dropout3d', 3, x);
  return dropChannels(dropout3dOp, 3, x, p, options);
}
