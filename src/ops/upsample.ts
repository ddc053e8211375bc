import { record } from '../autograd/node.js';
import { UpsampleMode } from '../backend/kernels.js';
import { kernels } from '../backend/select.js';
import { ArgumentError, ShapeError } from '../tensor/errors.js';
import { checkShape, dim, formatShape, type Shape } from '../tensor/shape.js';
import { empty, inLayout, releaseTemporary, type Tensor } from '../tensor/tensor.js';
import { checkFloat, defineOp, floats } from './define.js';
import { checkChoice, type Pair, perAxis } from './options.js';

export interface UpsampleOptions {
  /** Height and width of the output; or a scale factor. */
  size?: Pair;
  /** The output is ⌊size·scaleFactor⌋ large; one number for both axes, or [height, width]. */
  scaleFactor?: Pair;
  /** Each pixel takes the value of the nearest, or a mix of the four around it. Default: 'nearest'. */
  mode?: 'nearest' | 'bilinear';
  /** Bilinear: puts the centres of the corner pixels of input and output in the same places. Default: false. */
  alignCorners?: boolean;
  /**
   * With scaleFactor: takes positions from the whole sizes of input and output instead of the factor, as if the size
   * had been given. Default: false.
   */
  recomputeScaleFactor?: boolean;
}

interface UpsampleAttrs {
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  /** Input pixels from one output pixel to the next. */
  readonly scale: readonly [number, number];
  readonly mode: UpsampleMode;
}

const upsampleOp = defineOp<UpsampleAttrs>('upsample2d', (g, node) => [
  upsampleGrad(g, node.attrs),
]);
const upsampleGradOp = defineOp<UpsampleAttrs>('upsample2dGrad', (g, node) => [
  upsampled(g, node.attrs),
]);

/** The integers and the numbers of a kernel call. */
function sizesOf({ inputShape, outputShape, scale, mode }: UpsampleAttrs) {
  const [batch, channels, height, width] = [0, 1, 2, 3].map((axis) => dim(inputShape, axis));
  const output = [dim(outputShape, 2), dim(outputShape, 3)] as const;
  return [batch ?? 0, height ?? 0, width ?? 0, channels ?? 0, ...output, ...scale, mode] as const;
}

function upsampled(x: Tensor, attrs: UpsampleAttrs): Tensor {
  const image = inLayout(x, 'channelsLast');
  const out = empty(attrs.outputShape, x.dtype, 'channelsLast');
  kernels().upsample2d(floats(out), floats(image), ...sizesOf(attrs));
  releaseTemporary(image, x);
  return record(upsampleOp, out, [x], [], attrs);
}

function upsampleGrad(g: Tensor, attrs: UpsampleAttrs): Tensor {
  const dy = inLayout(g, 'channelsLast');
  const out = empty(attrs.inputShape, g.dtype, 'channelsLast');
  kernels().upsample2dGrad(floats(out), floats(dy), ...sizesOf(attrs));
  releaseTemporary(dy, g);
  return record(upsampleGradOp, out, [g], [], attrs);
}

/** Checks the options, whatever the input; factors are those that were given, or null. @internal */
export function checkUpsample(
  op: string,
  options: UpsampleOptions,
): { sizes: readonly number[] | null; factors: readonly number[] | null; mode: UpsampleMode } {
  const { size, scaleFactor, mode = 'nearest', alignCorners, recomputeScaleFactor } = options;
  checkChoice(mode, ['nearest', 'bilinear'], 'mode', op);
  if ((size === undefined) === (scaleFactor === undefined)) {
    throw new ArgumentError(`${op}: give either size or scaleFactor`);
  }
  if (alignCorners && mode === 'nearest') {
    throw new ArgumentError(`${op}: alignCorners has a meaning for mode 'bilinear' only`);
  }
  if (recomputeScaleFactor && scaleFactor === undefined) {
    throw new ArgumentError(`${op}: recomputeScaleFactor has a meaning for scaleFactor only`);
  }
  const sizes = size === undefined ? null : perAxis(size, 2, 'size', op, 1);
  const factors =
    typeof scaleFactor === 'number' ? [scaleFactor, scaleFactor] : (scaleFactor ?? null);
  if (factors !== null && !(factors.length === 2 && factors.every((f) => f > 0 && f < 2 ** 31))) {
    throw new ArgumentError(
      `${op}: scaleFactor is ${String(scaleFactor)}, expected a number > 0 or two, [height, width]`,
    );
  }
  const bilinear = alignCorners ? UpsampleMode.bilinearCorners : UpsampleMode.bilinear;
  return { sizes, factors, mode: mode === 'nearest' ? UpsampleMode.nearest : bilinear };
}

/**
 * Images of another size, as PyTorch's `interpolate`: larger, or smaller without smoothing.
 * @param x [N, C, H, W]
 * @returns [N, C, P, Q]
 */
export function upsample2d(x: Tensor, options: UpsampleOptions): Tensor {
  checkFloat(x, 'upsample2d');
  const { sizes, factors, mode } = checkUpsample('upsample2d', options);
  if (x.rank !== 4 || x.shape.slice(1).includes(0)) {
    throw new ShapeError(
      `upsample2d: input ${formatShape(x.shape)}, expected [N, C, H, W] without empty axes but the first`,
    );
  }
  const input = [dim(x.shape, 2), dim(x.shape, 3)];
  const output = sizes ?? input.map((size, i) => Math.floor(size * (factors?.[i] ?? 1)));
  const outputShape = [dim(x.shape, 0), dim(x.shape, 1), ...output];
  checkShape(outputShape, 'upsample2d');
  if (output.includes(0)) {
    throw new ShapeError(
      `upsample2d: scaleFactor ${formatShape(factors ?? [])} leaves nothing of input ${formatShape(x.shape)}`,
    );
  }
  const scaleOf = (axis: number): number => {
    const [from, to, factor] = [dim(input, axis), dim(output, axis), factors?.[axis]];
    if (mode === UpsampleMode.bilinearCorners) return to > 1 ? (from - 1) / (to - 1) : 0;
    return factor === undefined || options.recomputeScaleFactor ? from / to : 1 / factor;
  };
  return upsampled(x, { inputShape: x.shape, outputShape, scale: [scaleOf(0), scaleOf(1)], mode });
}
