// Numbers that belong together travel to a kernel in one array. They have names where it is made, here, and where C++
// takes it apart and checks them (native/base/geometry.h, binding/geometry.cc). Each `pack…` is the layout, and the
// reader beside it, for the TypeScript backend, the way back.

/** The numbers of a T in an array of their own. */
export type Packed<T> = Float64Array & { readonly packs?: T };

/**
 * The geometry of a 2-D convolution or pooling, as 16 integers in this order:
 * `[batch, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, kernelHeight, kernelWidth,
 * strideHeight, strideWidth, padTop, padLeft, dilationHeight, dilationWidth, groups]`.
 * Padding at the bottom and the right follows from the output size. Pooling has
 * `outChannels = inChannels` and `groups = inChannels`.
 */
export type Geometry = Int32Array;

/** What an average pooling divides its sums by; see `avgPool2d`. */
export interface Averaging {
  /** To the padded input's far edges, which a geometry leaves out: for ceil mode. */
  readonly padBottom: number;
  readonly padRight: number;
  /** 1 when padding counts as elements of a window. */
  readonly countPadding: number;
  /** Divides every sum, unless it is 0. */
  readonly divisor: number;
}

export function packAveraging(averaging: Averaging): Packed<Averaging> {
  const { padBottom, padRight, countPadding, divisor } = averaging;
  return Float64Array.of(padBottom, padRight, countPadding, divisor);
}

export function readAveraging(packed: Packed<Averaging>): Averaging {
  const [padBottom = 0, padRight = 0, countPadding = 0, divisor = 0] = packed;
  return { padBottom, padRight, countPadding, divisor };
}

/** Images [batch, inHeight, inWidth, channels] that become [batch, outHeight, outWidth, channels]. */
export interface Upsampling {
  readonly batch: number;
  readonly channels: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  /** Input positions from one output position to the next. */
  readonly scaleHeight: number;
  readonly scaleWidth: number;
}

export function packUpsampling(upsampling: Upsampling): Packed<Upsampling> {
  const { batch, channels, inHeight, inWidth, outHeight, outWidth } = upsampling;
  const sizes = [batch, channels, inHeight, inWidth, outHeight, outWidth];
  return Float64Array.of(...sizes, upsampling.scaleHeight, upsampling.scaleWidth);
}

export function readUpsampling(packed: Packed<Upsampling>): Upsampling {
  const [batch = 0, channels = 0, inHeight = 0, inWidth = 0, outHeight = 0, outWidth = 0] = packed;
  const [scaleHeight = 0, scaleWidth = 0] = packed.subarray(6);
  const output = { outHeight, outWidth, scaleHeight, scaleWidth };
  return { batch, channels, inHeight, inWidth, ...output };
}

/** x: [batch, spatial, channels], its channels in groups. */
export interface Grouping {
  readonly batch: number;
  readonly spatial: number;
  readonly channels: number;
  readonly groups: number;
}

export function packGrouping({ batch, spatial, channels, groups }: Grouping): Packed<Grouping> {
  return Float64Array.of(batch, spatial, channels, groups);
}

export function readGrouping(packed: Packed<Grouping>): Grouping {
  const [batch = 0, spatial = 0, channels = 0, groups = 0] = packed;
  return { batch, spatial, channels, groups };
}

/** The numbers of a step with momentum at some rows; see `momentumStepRows`. */
export interface MomentumStep {
  readonly lr: number;
  readonly keep: number;
  readonly add: number;
  readonly own: number;
  readonly ahead: number;
}

export function packMomentumStep(step: MomentumStep): Packed<MomentumStep> {
  const { lr, keep, add, own, ahead } = step;
  return Float64Array.of(lr, keep, add, own, ahead);
}

export function readMomentumStep(packed: Packed<MomentumStep>): MomentumStep {
  const [lr = 0, keep = 0, add = 0, own = 0, ahead = 0] = packed;
  return { lr, keep, add, own, ahead };
}

/**
 * Sequences packed by time, longest first, and the layer that goes over them: the rows of step t belong to the first
 * sizes[t] of all sequences. There is one step at least, of all sequences, and sizes never rise.
 */
export interface Sequences {
  readonly sizes: Int32Array;
  /** Units of the layer. */
  readonly hidden: number;
  /** Columns of its output: `hidden`, or those of a projection. */
  readonly outputs: number;
  /** 1 goes through each sequence from its end. */
  readonly reverse: number;
}

export type PackedSequences = Int32Array & { readonly packs?: Sequences };

/** Integers before the sizes. */
const SEQUENCES_HEAD = 3;

export function packSequences({ sizes, hidden, outputs, reverse }: Sequences): PackedSequences {
  const packed = new Int32Array(SEQUENCES_HEAD + sizes.length);
  packed[0] = hidden;
  packed[1] = outputs;
  packed[2] = reverse;
  packed.set(sizes, SEQUENCES_HEAD);
  return packed;
}

export function readSequences(packed: PackedSequences): Sequences & { readonly batch: number } {
  const [hidden = 0, outputs = 0, reverse = 0, batch = 0] = packed;
  return { sizes: packed.subarray(SEQUENCES_HEAD), hidden, outputs, reverse, batch };
}
