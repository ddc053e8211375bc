import {
  type Packed,
  packUpsampling,
  UpsampleMode,
  type Upsampling,
} from '../../backend/kernels/index.js';
import { kernels } from '../../backend/select.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';
import type { Nothing } from '../../tape/node.js';
import { record } from '../../tape/record.js';
import { checkShape, dim, formatShape, type Shape } from '../../tensor/shape.js';
import { empty, inLayout, releaseTemporary, type Tensor } from '../../tensor/tensor.js';
import { onImages } from '../images.js';
import { checkFloat, defineOp, floats } from '../kit/define.js';
import { checkPixels, imageShape } from '../kit/imageAxes.js';
import { checkChoice, perAxis } from '../kit/options.js';
import { heightWidth } from '../kit/window.js';
import { adaptiveAvgPool1d, adaptiveAvgPool2d } from './adaptivePool.js';

/** The modes of {@link interpolate}. */
export type InterpolateMode =
  | 'nearest'
  | 'nearest-exact'
  | 'linear'
  | 'bilinear'
  | 'bicubic'
  | 'area';

/** How many spatial axes each mode is for; null: any number. */
const MODES: Readonly<Record<InterpolateMode, 1 | 2 | null>> = {
  nearest: null,
  'nearest-exact': null,
  linear: 1,
  bilinear: 2,
  bicubic: 2,
  area: null,
};

export interface InterpolateOptions {
  /** Length of the output, or its height and width; or a scale factor. */
  size?: number | readonly number[];
  /** The output is ⌊size·scaleFactor⌋ large; one number for all axes, or [height, width]. */
  scaleFactor?: number | readonly number[];
  /**
   * 'nearest' takes for each pixel the one at ⌊p·scale⌋ (as OpenCV), 'nearest-exact' that whose centre is nearest (as
   * Pillow). 'linear' (sequences) and 'bilinear' (images) mix two along each axis, 'bicubic' (images) four, and may
   * overshoot (Keys 1981, a = −0.75). 'area' is adaptive average pooling. Default: 'nearest'.
   */
  mode?: InterpolateMode;
  /** Linear and cubic: puts the centres of the corner pixels of input and output in the same places. Default: false. */
  alignCorners?: boolean;
  /**
   * With scaleFactor: takes positions from the whole sizes of input and output instead of the factor, as if the size
   * had been given. Default: false.
   */
  recomputeScaleFactor?: boolean;
}

const NAMES: OptionNames<InterpolateOptions> = {
  size: true,
  scaleFactor: true,
  mode: true,
  alignCorners: true,
  recomputeScaleFactor: true,
};

/** What the kernels take. */
interface UpsamplePlan {
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  /** Input pixels from one output pixel to the next. */
  readonly scale: readonly [number, number];
  readonly code: UpsampleMode;
}

/** The options, those of a sequence as of an image of height 1, and behind them what the kernels take. */
class UpsampleAttrs implements UpsamplePlan {
  readonly size: readonly [height: number, width: number];
  /** What positions follow from; null takes them from the sizes. */
  readonly scaleFactor: readonly [height: number, width: number] | null;
  readonly mode: InterpolateMode;
  readonly alignCorners: boolean;
  readonly #plan: UpsamplePlan;

  constructor(
    mode: InterpolateMode,
    alignCorners: boolean,
    factors: readonly number[] | null,
    plan: UpsamplePlan,
  ) {
    this.size = [dim(plan.outputShape, 2), dim(plan.outputShape, 3)];
    this.scaleFactor = factors && heightWidth(factors, 1);
    this.mode = mode === 'linear' ? 'bilinear' : mode;
    this.alignCorners = alignCorners;
    this.#plan = plan;
  }

  get inputShape(): Shape {
    return this.#plan.inputShape;
  }

  get outputShape(): Shape {
    return this.#plan.outputShape;
  }

  get scale(): readonly [number, number] {
    return this.#plan.scale;
  }

  get code(): UpsampleMode {
    return this.#plan.code;
  }
}

const upsampleOp = defineOp<Nothing, UpsampleAttrs>('interpolate', (g, { attrs }) => [
  upsampleGrad(g, attrs),
]);
const upsampleGradOp = defineOp<Nothing, UpsampleAttrs>('interpolateGrad', (g, { attrs }) => [
  upsampled(g, attrs),
]);

function upsamplingOf({ inputShape, outputShape, scale }: UpsampleAttrs): Packed<Upsampling> {
  return packUpsampling({
    batch: dim(inputShape, 0),
    channels: dim(inputShape, 1),
    inHeight: dim(inputShape, 2),
    inWidth: dim(inputShape, 3),
    outHeight: dim(outputShape, 2),
    outWidth: dim(outputShape, 3),
    scaleHeight: scale[0],
    scaleWidth: scale[1],
  });
}

function upsampled(x: Tensor, attrs: UpsampleAttrs): Tensor {
  const image = inLayout(x, 'channelsLast');
  const out = empty(attrs.outputShape, x.dtype, 'channelsLast');
  kernels().upsample2d(floats(out), floats(image), upsamplingOf(attrs), attrs.code);
  releaseTemporary(image, x);
  return record(upsampleOp, out, [x], {}, attrs);
}

function upsampleGrad(g: Tensor, attrs: UpsampleAttrs): Tensor {
  const dy = inLayout(g, 'channelsLast');
  const out = empty(attrs.inputShape, g.dtype, 'channelsLast');
  kernels().upsample2dGrad(floats(out), floats(dy), upsamplingOf(attrs), attrs.code);
  releaseTemporary(dy, g);
  return record(upsampleGradOp, out, [g], {}, attrs);
}

/** The kernel's mode; null for 'area'. */
function codeOf(mode: InterpolateMode, alignCorners: boolean): UpsampleMode | null {
  switch (mode) {
    case 'nearest':
      return UpsampleMode.nearest;
    case 'nearest-exact':
      return UpsampleMode.nearestExact;
    case 'bicubic':
      return alignCorners ? UpsampleMode.cubicCorners : UpsampleMode.cubic;
    case 'area':
      return null;
    default:
      return alignCorners ? UpsampleMode.linearCorners : UpsampleMode.linear;
  }
}

interface Checked {
  /** Spatial axes of the input, or null if the options do not say. */
  readonly axes: 1 | 2 | null;
  /** One for each axis, or one for all. */
  readonly sizes: readonly number[] | null;
  readonly factors: readonly number[] | null;
  readonly code: UpsampleMode | null;
}

/** Checks the options, whatever the input. @internal */
export function checkInterpolate(op: string, options: InterpolateOptions): Checked {
  checkOptions(op, options, NAMES);
  const { size, scaleFactor, mode = 'nearest', alignCorners = false } = options;
  checkChoice(mode, Object.keys(MODES) as InterpolateMode[], 'mode', op);
  if ((size === undefined) === (scaleFactor === undefined)) {
    throw new ArgumentError(`${op}: give either size or scaleFactor`);
  }
  if (alignCorners && !mode.includes('linear') && mode !== 'bicubic') {
    throw new ArgumentError(
      `${op}: alignCorners has a meaning for 'linear', 'bilinear' and 'bicubic' only, mode is '${mode}'`,
    );
  }
  if (options.recomputeScaleFactor && scaleFactor === undefined) {
    throw new ArgumentError(`${op}: recomputeScaleFactor has a meaning for scaleFactor only`);
  }
  const given = size ?? scaleFactor;
  const listed = typeof given === 'object' ? given.length : null;
  const axes = MODES[mode] ?? (listed === 1 || listed === 2 ? listed : null);
  const sizes = size === undefined ? null : perAxis(size, axes ?? 1, 'size', op, 1);
  const factors = typeof scaleFactor === 'number' ? [scaleFactor] : (scaleFactor ?? null);
  const fits = factors?.every((factor) => factor > 0 && factor < 2 ** 31) ?? true;
  if (!fits || (factors !== null && factors.length !== 1 && factors.length !== axes)) {
    throw new ArgumentError(
      `${op}: scaleFactor is ${inWords(scaleFactor)}, expected a number > 0, or one for each axis`,
    );
  }
  return { axes, sizes, factors, code: codeOf(mode, alignCorners) };
}

/** `size [4, 5]` or `scaleFactor 2`, for messages. */
function describeTarget({ size, scaleFactor }: InterpolateOptions): string {
  return size === undefined
    ? `scaleFactor ${JSON.stringify(scaleFactor)}`
    : `size ${JSON.stringify(size)}`;
}

/** One value for each of some axes, of one for each or one for all. */
function spread(values: readonly number[], axes: number): readonly number[] {
  return values.length === axes ? values : Array.from({ length: axes }, () => dim(values, 0));
}

/**
 * Whether PyTorch, from whatever factor the sizes came, mixes linearly as from one size to the same, and takes the
 * nearest pixels of images as from one size to the same or its double.
 */
function isShortcut(code: UpsampleMode, axes: number, from: number, to: number): boolean {
  if (code === UpsampleMode.linear) return to === from;
  return code === UpsampleMode.nearest && axes === 2 && (to === from || to === 2 * from);
}

/**
 * Sequences or images of another size: larger, or smaller without smoothing (except by 'area').
 * @param x [N, C, L] or [N, C, H, W]
 * @returns [N, C, Q] or [N, C, P, Q]
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  checkFloat(x, 'interpolate');
  const checked = checkInterpolate('interpolate', options);
  const axes = x.rank - 2;
  if ((axes !== 1 && axes !== 2) || (checked.axes ?? axes) !== axes) {
    const layouts = ['[N, C, L]', '[N, C, H, W]'].filter(
      (_, i) => (checked.axes ?? i + 1) === i + 1,
    );
    throw new ShapeError(
      `interpolate: input ${formatShape(x.shape)}, expected ${layouts.join(' or ')} for mode ` +
        `'${options.mode ?? 'nearest'}' and ${describeTarget(options)}`,
    );
  }
  checkPixels('interpolate', axes, x.shape);
  const input = x.shape.slice(2);
  const factors = checked.factors && spread(checked.factors, axes);
  const output = checked.sizes
    ? spread(checked.sizes, axes)
    : input.map((size, i) => Math.floor(size * (factors?.[i] ?? 1)));
  const outputShape = [...x.shape.slice(0, 2), ...output];
  checkShape(outputShape, 'interpolate');
  if (output.includes(0)) {
    throw new ShapeError(
      `interpolate: scaleFactor ${formatShape(factors ?? [])} leaves nothing of input ${formatShape(x.shape)}`,
    );
  }
  const { code } = checked;
  if (code === null) {
    const [height, width = height] = output;
    if (axes === 1) return adaptiveAvgPool1d(x, height ?? 0);
    return adaptiveAvgPool2d(x, [height ?? 0, width ?? 0]);
  }
  const isAligned = code === UpsampleMode.linearCorners || code === UpsampleMode.cubicCorners;
  const scales = input.map((from, i) => {
    const [to, factor] = [dim(output, i), factors?.[i]];
    if (isAligned) return to > 1 ? (from - 1) / (to - 1) : 0;
    if (isShortcut(code, axes, from, to)) return from / to;
    return factor === undefined || options.recomputeScaleFactor ? from / to : 1 / factor;
  });
  const [scaleHeight = 1, scaleWidth = 1] = axes === 1 ? [1, ...scales] : scales;
  const { mode = 'nearest', alignCorners = false, recomputeScaleFactor } = options;
  // Corners that lie in the same places tell where all others are.
  const followed = isAligned || recomputeScaleFactor ? null : factors;
  const attrs = new UpsampleAttrs(mode, alignCorners, followed, {
    inputShape: imageShape(x.shape),
    outputShape: imageShape(outputShape),
    scale: [scaleHeight, scaleWidth],
    code,
  });
  return onImages(x, axes, (images) => upsampled(images, attrs));
}
