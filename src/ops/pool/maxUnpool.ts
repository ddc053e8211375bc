import { backend, kernels } from '../../backend/select.js';
import { ShapeError } from '../../errors.js';
import { checkOptions, type OptionNames } from '../../options.js';
import { record } from '../../tape/record.js';
import { checkShape, dim, formatShape, type Shape, sameShape, sizeOf } from '../../tensor/shape.js';
import { empty, type Tensor } from '../../tensor/tensor.js';
import { cast } from '../elementwise.js';
import { onImages, toImages } from '../images.js';
import { checkIndex, gathered } from '../indexing.js';
import { composite } from '../kit/composite.js';
import { defineOp, floats, ints } from '../kit/define.js';
import { batchShape, checkAxes, checkPixels, imageShape } from '../kit/imageAxes.js';
import { type Pair, perAxis } from '../kit/options.js';
import { type OutputSize, reachedSize, spatialSize } from '../kit/outputSize.js';
import { permute, reshape } from '../view.js';

/** How many pixels there are to place elements at. */
type Plane = { readonly pixels: number };

const placeOp = defineOp<{ index: Tensor }, Plane>('placePixels', (g, { saved }) => [
  gathered(g, saved.index, { axis: 1 }),
  null,
]);

/** [N, pixels, C] of zeros, with the elements of x [N, count, C] at the pixels that `index` names. */
function placed(x: Tensor, index: Tensor, shape: Shape): Tensor {
  const [batch, pixels, channels] = [dim(shape, 0), dim(shape, 1), dim(shape, 2)];
  const out = empty(shape, x.dtype);
  const count = dim(x.shape, 1);
  kernels().maxUnpool2d(floats(out), floats(x), ints(index), batch, pixels, channels, count);
  return record(placeOp, out, [x, index], { index }, { pixels });
}

interface UnpoolOptions {
  readonly stride?: number | readonly number[];
  readonly padding?: number | readonly number[];
  readonly outputSize?: OutputSize | undefined;
}

/** Checks shapes and options; returns the output's shape. */
function planUnpool(
  op: string,
  x: Shape,
  kernel: number | readonly number[],
  options: UnpoolOptions,
): Shape {
  const axes = x.length - 2;
  const sizes = perAxis(kernel, axes, 'kernelSize', op, 1);
  const stride = perAxis(options.stride ?? sizes, axes, 'stride', op, 1);
  const padding = perAxis(options.padding ?? 0, axes, 'padding', op, 0);
  const usual = sizes.map(
    (size, i) => (dim(x, i + 2) - 1) * dim(stride, i) + size - 2 * dim(padding, i),
  );
  // All sizes that pooling could have made one of the input's from.
  const reach = {
    least: usual.map((size, i) => size - dim(stride, i) + 1),
    most: usual.map((size, i) => size + dim(stride, i) - 1),
  };
  const { outputSize } = options;
  const found = outputSize === undefined ? usual : reachedSize(op, x, outputSize, reach);
  if (found.some((size) => size < 1)) {
    throw new ShapeError(
      `${op}: input ${formatShape(x)} with kernel ${formatShape(sizes)} and padding ` +
        `${formatShape(padding)} gives a size of ${formatShape(found)}, expected at least 1`,
    );
  }
  const shape = [dim(x, 0), dim(x, 1), ...found];
  checkShape(shape, op);
  return shape;
}

/** [N, C, H, W] as [N, pixels, C]; images that are stored channels-last, as pooling leaves them, are not copied. */
function pixelsOf(x: Tensor): Tensor {
  const pixels = sizeOf(x.shape.slice(2));
  return reshape(permute(x, [0, 2, 3, 1]), [dim(x.shape, 0), pixels, dim(x.shape, 1)]);
}

/** @param shape of the output, [N, C, H, W] */
function unpooled(x: Tensor, indices: Tensor, shape: Shape): Tensor {
  const inMemory = [0, 2, 3, 1].map((axis) => dim(shape, axis));
  return composite(() => {
    const index = pixelsOf(cast(indices, 'int32'));
    const pixels = placed(pixelsOf(x), index, [
      dim(shape, 0),
      sizeOf(shape.slice(2)),
      dim(shape, 1),
    ]);
    return permute(reshape(pixels, inMemory), [0, 3, 1, 2]);
  });
}

function maxUnpool(
  op: string,
  axes: 1 | 2,
  x: Tensor,
  indices: Tensor,
  kernel: number | readonly number[],
  options: UnpoolOptions,
): Tensor {
  checkAxes(op, axes, x);
  checkIndex(indices, op, 'indices');
  if (!sameShape(indices.shape, x.shape)) {
    throw new ShapeError(
      `${op}: indices ${formatShape(indices.shape)} of input ${formatShape(x.shape)}, expected its shape`,
    );
  }
  const shape = batchShape(x.shape, axes);
  checkPixels(op, axes, shape);
  const outputSize = spatialSize(options.outputSize, x.rank, axes);
  const unpooledShape = imageShape(planUnpool(op, shape, kernel, { ...options, outputSize }));
  return backend().faultsAs(op, () =>
    onImages(x, axes, (images) => unpooled(images, toImages(indices, axes), unpooledShape)),
  );
}

export interface MaxUnpool2dOptions {
  /** Step between the windows of the pooling. Default: the kernel's size. */
  stride?: Pair;
  /** Padding of the pooling. Default: 0. */
  padding?: Pair;
  /**
   * Size of the output, [height, width] or the whole shape of what was pooled; less than a step from the size that is
   * the default, which not every input of the pooling had.
   */
  outputSize?: OutputSize;
}

const MAX_UNPOOL: OptionNames<MaxUnpool2dOptions> = {
  stride: true,
  padding: true,
  outputSize: true,
};

/**
 * The way back from max pooling: zeros, with each element where it was found (Zeiler and Fergus, "Visualizing and
 * understanding convolutional networks", 2014). Where windows overlapped, the last that names a place has it, and
 * all that name it receive its gradient, as in PyTorch.
 * @param x [N, C, P, Q] or [C, P, Q]
 * @param indices what {@link maxPool2d} returns with `returnIndices`: positions in the plane of the output, integers of
 *   x's shape
 * @param kernelSize size of the windows of the pooling
 * @returns [N, C, H, W] or [C, H, W], H = (P − 1)·stride + kernelSize − 2·padding, W likewise; or of outputSize
 * @throws ShapeError for an outputSize that cannot be reached, naming those that can
 * @throws IndexFaultError for a position outside of the output: on the native backend at the next synchronisation
 */
export function maxUnpool2d(
  x: Tensor,
  indices: Tensor,
  kernelSize: Pair,
  options: MaxUnpool2dOptions = {},
): Tensor {
  checkOptions('maxUnpool2d', options, MAX_UNPOOL);
  return maxUnpool('maxUnpool2d', 2, x, indices, kernelSize, options);
}

export interface MaxUnpool1dOptions {
  /** Step between the windows of the pooling. Default: the kernel's size. */
  stride?: number;
  /** Padding of the pooling. Default: 0. */
  padding?: number;
  /** Length of the output, or its whole shape; less than a step from the length that is the default. */
  outputSize?: OutputSize;
}

/**
 * The way back from max pooling of sequences, see {@link maxUnpool2d}.
 * @param x [N, C, P] or [C, P]
 * @param indices what {@link maxPool1d} returns with `returnIndices`
 * @returns [N, C, L] or [C, L], L = (P − 1)·stride + kernelSize − 2·padding; or of outputSize
 */
export function maxUnpool1d(
  x: Tensor,
  indices: Tensor,
  kernelSize: number,
  options: MaxUnpool1dOptions = {},
): Tensor {
  checkOptions('maxUnpool1d', options, MAX_UNPOOL);
  return maxUnpool('maxUnpool1d', 1, x, indices, kernelSize, options);
}
