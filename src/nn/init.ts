import { checkNumber } from '../arguments.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { normalCdf, normalDensity } from '../numeric/special.js';
import * as creation from '../ops/creation.js';
import { checkTensor } from '../ops/kit/define.js';
import { checkChoice, checkInteger } from '../ops/kit/options.js';
import * as random from '../ops/random.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Generator } from '../tensor/random.js';
import { runInContext } from '../tensor/scope.js';
import { dim, formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { orthonormalize } from './orthonormal.js';

// Initialisers overwrite a leaf in place, and return it.

/** Overwrites x with what `make` computes. */
function overwrite<T extends Tensor>(x: T, make: () => Tensor | ArrayBufferView): T {
  runInContext(false, () => creation.copyFrom(x, make()));
  return x;
}

export interface RandomInitOptions {
  /** Where the numbers come from. Default: the generator that manualSeed() seeds. */
  generator?: Generator;
}

const RANDOM: OptionNames<RandomInitOptions> = { generator: true };

export interface UniformInitOptions extends RandomInitOptions {
  /** Smallest value. Default: 0. */
  low?: number;
  /** Values are below it. Default: 1. */
  high?: number;
}

const UNIFORM: OptionNames<UniformInitOptions> = { ...RANDOM, low: true, high: true };

/**
 * Numbers drawn uniformly from [low, high).
 *
 * @example
 * nn.init.uniform(layer.weight, { low: -0.1, high: 0.1 });
 */
export function uniform<T extends Tensor>(x: T, options: UniformInitOptions = {}): T {
  checkOptions('uniform', options, UNIFORM);
  const { low = 0, high = 1, generator } = options;
  random.redrawUniform(x, low, high, generator);
  return x;
}

export interface NormalInitOptions extends RandomInitOptions {
  /** Default: 0. */
  mean?: number;
  /** Standard deviation. Default: 1. */
  std?: number;
}

const NORMAL: OptionNames<NormalInitOptions> = { ...RANDOM, mean: true, std: true };

/**
 * Numbers drawn from a normal distribution.
 *
 * @example
 * nn.init.normal(layer.weight, { std: 0.01 });
 */
export function normal<T extends Tensor>(x: T, options: NormalInitOptions = {}): T {
  checkOptions('normal', options, NORMAL);
  const { mean = 0, std = 1, generator } = options;
  random.redrawNormal(x, mean, std, generator);
  return x;
}

/** One number throughout. */
export function constant<T extends Tensor>(x: T, value: number): T {
  checkNumber('constant', 'value', value);
  creation.refill(x, value);
  return x;
}

/** Zeros. */
export function zeros<T extends Tensor>(x: T): T {
  return constant(x, 0);
}

/** Ones. */
export function ones<T extends Tensor>(x: T): T {
  return constant(x, 1);
}

// --- variance-preserving initialisers --------------------------------------------------------------------

/**
 * How many inputs an output of this weight sums over, and how many outputs an input reaches.
 * @param x [out, in, ...kernel], as weights of Linear and Conv2d are
 * @throws ShapeError for fewer than two axes
 */
export function fanInAndFanOut(x: Tensor): { fanIn: number; fanOut: number } {
  checkTensor(x, 'init');
  if (x.rank < 2) {
    throw new ShapeError(
      `init: a tensor of shape ${formatShape(x.shape)} has no fan in and fan out, expected [out, in, ...]`,
    );
  }
  const kernel = sizeOf(x.shape.slice(2));
  return { fanIn: dim(x.shape, 1) * kernel, fanOut: dim(x.shape, 0) * kernel };
}

/** The function that follows a layer. */
export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu';

const NONLINEARITIES: readonly Nonlinearity[] = [
  'linear',
  'sigmoid',
  'tanh',
  'relu',
  'leakyRelu',
  'selu',
];

export interface GainOptions {
  /** Slope below 0 of leakyRelu. Default: 0.01. */
  slope?: number;
}

const GAIN: OptionNames<GainOptions> = { slope: true };

/** The factor of the standard deviation that makes up for what a nonlinearity takes from it. */
export function calculateGain(nonlinearity: Nonlinearity, options: GainOptions = {}): number {
  checkOptions('calculateGain', options, GAIN);
  const { slope = 0.01 } = options;
  switch (checkChoice(nonlinearity, NONLINEARITIES, 'nonlinearity', 'calculateGain')) {
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.SQRT2;
    case 'leakyRelu':
      return Math.sqrt(2 / (1 + slope ** 2));
    case 'selu':
      return 3 / 4;
    default:
      return 1;
  }
}

export interface KaimingOptions extends RandomInitOptions {
  /** Slope below 0 of the leakyRelu that follows. Default: 0. */
  slope?: number;
  /** Whether the variance of activations (fanIn) or of gradients (fanOut) is kept. Default: 'fanIn'. */
  mode?: 'fanIn' | 'fanOut';
  /** Default: 'leakyRelu'. */
  nonlinearity?: Nonlinearity;
}

const KAIMING: OptionNames<KaimingOptions> = {
  ...RANDOM,
  slope: true,
  mode: true,
  nonlinearity: true,
};

function kaimingStd(x: Tensor, options: KaimingOptions, op: string): number {
  checkOptions(op, options, KAIMING);
  const { slope = 0, mode = 'fanIn', nonlinearity = 'leakyRelu' } = options;
  checkChoice(mode, ['fanIn', 'fanOut'], 'mode', op);
  return calculateGain(nonlinearity, { slope }) / Math.sqrt(fanInAndFanOut(x)[mode]);
}

/** Uniform on ±bound, from the generator of some options; a tensor of nothing as it is. */
function uniformWithin<T extends Tensor>(x: T, bound: number, options: RandomInitOptions): T {
  if (x.size > 0) random.redrawUniform(x, -bound, bound, options.generator);
  return x;
}

/** Normal with mean 0, from the generator of some options; a tensor of nothing as it is. */
function normalAround<T extends Tensor>(x: T, std: number, options: RandomInitOptions): T {
  if (x.size > 0) random.redrawNormal(x, 0, std, options.generator);
  return x;
}

/** Uniform on ±gain·√(3/fan) (He et al., "Delving deep into rectifiers", 2015). */
export function kaimingUniform<T extends Tensor>(x: T, options: KaimingOptions = {}): T {
  return uniformWithin(x, Math.sqrt(3) * kaimingStd(x, options, 'kaimingUniform'), options);
}

/** Normal with standard deviation gain/√fan (He et al., "Delving deep into rectifiers", 2015). */
export function kaimingNormal<T extends Tensor>(x: T, options: KaimingOptions = {}): T {
  return normalAround(x, kaimingStd(x, options, 'kaimingNormal'), options);
}

export interface XavierOptions extends RandomInitOptions {
  /** See {@link calculateGain}. Default: 1. */
  gain?: number;
}

const WITH_GAIN: OptionNames<XavierOptions & OrthogonalOptions> = { ...RANDOM, gain: true };

function xavierStd(x: Tensor, options: XavierOptions, op: string): number {
  checkOptions(op, options, WITH_GAIN);
  const { fanIn, fanOut } = fanInAndFanOut(x);
  return (options.gain ?? 1) * Math.sqrt(2 / (fanIn + fanOut));
}

/**
 * Uniform on ±gain·√(6/(fanIn + fanOut)) (Glorot and Bengio, "Understanding the difficulty of training deep
 * feedforward neural networks", 2010).
 */
export function xavierUniform<T extends Tensor>(x: T, options: XavierOptions = {}): T {
  return uniformWithin(x, Math.sqrt(3) * xavierStd(x, options, 'xavierUniform'), options);
}

/** Normal with standard deviation gain·√(2/(fanIn + fanOut)) (Glorot and Bengio 2010). */
export function xavierNormal<T extends Tensor>(x: T, options: XavierOptions = {}): T {
  return normalAround(x, xavierStd(x, options, 'xavierNormal'), options);
}

// --- truncated normal ------------------------------------------------------------------------------------

/**
 * The z with Φ(z) = p, for 0 < p < 1: Winitzki's approximation, made exact by two steps of Halley's method.
 */
function normalQuantile(p: number): number {
  const logarithm = Math.log(4 * p * (1 - p));
  const shape = 0.147;
  const t = 2 / (Math.PI * shape) + logarithm / 2;
  const guess = Math.sqrt(2 * Math.max(0, Math.sqrt(t * t - logarithm / shape) - t));
  let z = p < 0.5 ? -guess : guess;
  for (let i = 0; i < 2; i++) {
    const step = (normalCdf(z) - p) / normalDensity(z);
    z -= step / (1 + (z * step) / 2);
  }
  return z;
}

export interface TruncatedNormalOptions extends RandomInitOptions {
  /** Default: 0. */
  mean?: number;
  /** Standard deviation before the cut. Default: 1. */
  std?: number;
  /** Smallest value. Default: −2. */
  low?: number;
  /** Largest value. Default: 2. */
  high?: number;
}

const TRUNCATED: OptionNames<TruncatedNormalOptions> = { ...NORMAL, low: true, high: true };

/** Numbers drawn from a normal distribution, but only from [low, high]: by inverting its distribution function. */
export function truncatedNormal<T extends Tensor>(x: T, options: TruncatedNormalOptions = {}): T {
  checkOptions('truncatedNormal', options, TRUNCATED);
  const { mean = 0, std = 1, low = -2, high = 2, generator } = options;
  if (!(low < high && std > 0 && Number.isFinite(mean))) {
    throw new ArgumentError(
      `truncatedNormal: mean ${mean}, std ${std}, low ${low}, high ${high}, expected low < high and std > 0`,
    );
  }
  // Above the mean, the mirror image: close to 0, probabilities keep their precision.
  const sign = low > mean ? -1 : 1;
  const ends = [low, high].map((end) => (sign * (end - mean)) / std).sort((a, b) => a - b);
  const [from = 0, to = 0] = ends.map(normalCdf);
  if (!(from < to)) {
    throw new ArgumentError(
      `truncatedNormal: low ${low} and high ${high} are too far from mean ${mean} with std ${std}`,
    );
  }
  checkTensor(x, 'truncatedNormal');
  return overwrite(x, () => {
    const draws = random.rand(x.shape, { generator }).dataSync();
    return Float64Array.from(draws, (draw) => {
      // To the middle of the 2⁻²⁴ that a draw stands for, so that it is never 0.
      const p = from + (to - from) * (draw + 2 ** -25);
      return Math.min(Math.max(mean + sign * std * normalQuantile(p), low), high);
    });
  });
}

// --- structured initialisers -----------------------------------------------------------------------------

export interface OrthogonalOptions extends RandomInitOptions {
  /** Factor of the orthogonal matrix. Default: 1. */
  gain?: number;
}

/**
 * A random orthogonal matrix (Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear
 * neural networks", 2014): rows are orthonormal, or columns if there are more rows than columns. Axes after the
 * first are taken as one. Computed in float64.
 */
export function orthogonal<T extends Tensor>(x: T, options: OrthogonalOptions = {}): T {
  checkOptions('orthogonal', options, WITH_GAIN);
  checkTensor(x, 'orthogonal');
  if (x.rank < 2) {
    throw new ShapeError(`orthogonal: ${formatShape(x.shape)} has fewer than two axes`);
  }
  if (x.size === 0) return x;
  const { gain = 1, generator } = options;
  const rows = dim(x.shape, 0);
  const cols = x.size / rows;
  const [count, length] = rows < cols ? [rows, cols] : [cols, rows];
  return overwrite(x, () => {
    const draws = random.randn([count, length], { generator }).dataSync();
    const vectors = Array.from({ length: count }, (_, i) =>
      Float64Array.from(draws.subarray(i * length, (i + 1) * length)),
    );
    orthonormalize(vectors);
    return Float64Array.from({ length: x.size }, (_, at) => {
      const [row, col] = [Math.floor(at / cols), at % cols];
      return gain * ((rows < cols ? vectors[row]?.[col] : vectors[col]?.[row]) ?? 0);
    });
  });
}

/** The identity matrix: a linear layer that keeps its inputs, as many as fit. */
export function eye<T extends Tensor>(x: T): T {
  checkTensor(x, 'eye');
  if (x.rank !== 2) throw new ShapeError(`eye: ${formatShape(x.shape)}, expected a matrix`);
  return overwrite(x, () =>
    creation.eye(dim(x.shape, 0), { columns: dim(x.shape, 1), dtype: x.dtype }),
  );
}

export interface DiracOptions {
  /** Groups of channels that keep theirs each. Default: 1. */
  groups?: number;
}

const DIRAC: OptionNames<DiracOptions> = { groups: true };

/** Where the ones of {@link dirac} are. */
function diracOnes(shape: Shape, groups: number): number[] {
  const [out, channels] = [dim(shape, 0), dim(shape, 1)];
  const kernel = shape.slice(2);
  const centre = kernel.reduce((at, size) => at * size + Math.floor(size / 2), 0);
  const kept = Math.min(out / groups, channels);
  return Array.from({ length: groups * kept }, (_, i) => {
    const [group, channel] = [Math.floor(i / kept), i % kept];
    return (
      ((group * out) / groups + channel) * channels * sizeOf(kernel) +
      channel * sizeOf(kernel) +
      centre
    );
  });
}

/** A convolution weight [out, in, ...kernel] that keeps its input channels, as many as fit: ones in the centre. */
export function dirac<T extends Tensor>(x: T, options: DiracOptions = {}): T {
  checkOptions('dirac', options, DIRAC);
  const { groups = 1 } = options;
  checkTensor(x, 'dirac');
  if (x.rank < 3 || x.rank > 5) {
    throw new ShapeError(
      `dirac: ${formatShape(x.shape)}, expected a convolution weight [out, in, ...kernel]`,
    );
  }
  checkInteger(groups, 'groups', 'dirac', 1);
  if (dim(x.shape, 0) % groups !== 0) {
    throw new ShapeError(
      `dirac: ${groups} groups do not divide ${dim(x.shape, 0)} output channels`,
    );
  }
  const values = new Float64Array(x.size);
  for (const at of diracOnes(x.shape, groups)) values[at] = 1;
  return overwrite(x, () => values);
}
