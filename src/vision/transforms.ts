import { checkList, kindOf } from '../arguments.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { multiplyHigh } from '../numeric/philox.js';
import { refill, tensor } from '../ops/creation.js';
import { div, sub } from '../ops/elementwise.js';
import { unrecorded } from '../ops/kit/composite.js';
import { checkTensor, converted, stridesIn } from '../ops/kit/define.js';
import { stridedCopy } from '../ops/kit/strided.js';
import { checkOptions, inWords, type OptionNames } from '../options.js';
import { isFloat } from '../tensor/dtype.js';
import { defaultGenerator, type Generator, randomWords } from '../tensor/random.js';
import { dim, formatShape } from '../tensor/shape.js';
import { empty, type Tensor } from '../tensor/tensor.js';

export interface TransformOptions {
  /**
   * Where random numbers come from. Default: the generator that manualSeed() seeds, and within a DataLoader that of
   * the batch.
   */
  generator?: Generator;
}

const TRANSFORM: OptionNames<TransformOptions> = { generator: true };

/**
 * What is done to batches of images before a network sees them. What is random is drawn for each image by itself.
 * No gradients flow through.
 */
export abstract class ImageTransform {
  /**
   * @param images [N, C, H, W]
   * @returns [N, C, H', W'], of the same dtype unless a transform says otherwise
   */
  forward(images: Tensor, options: TransformOptions = {}): Tensor {
    checkOptions(this.constructor.name, options, TRANSFORM);
    const { generator = defaultGenerator } = options;
    checkTensor(images, this.constructor.name);
    if (images.rank !== 4) {
      throw new ShapeError(
        `${this.constructor.name}: images ${formatShape(images.shape)}, expected [N, C, H, W]`,
      );
    }
    return unrecorded(() => this.apply(images, generator));
  }

  protected abstract apply(images: Tensor, generator: Generator): Tensor;
}

/**
 * A transform as `transform` of a DataLoader, whose batches begin with the images.
 *
 * @example
 * const augment = new vision.Compose([new vision.RandomCrop(32, { padding: 4 }), new vision.RandomHorizontalFlip()]);
 * const loader = new DataLoader(data, { batchSize: 128, shuffle: true, transform: vision.onImages(augment) });
 */
export function onImages(
  transform: ImageTransform,
): <R extends unknown[]>(batch: readonly [Tensor, ...R]) => [Tensor, ...R] {
  return ([images, ...rest]) => [transform.forward(images), ...rest];
}

/** Transforms one after the other. */
export class Compose extends ImageTransform {
  readonly transforms: readonly ImageTransform[];

  constructor(transforms: readonly ImageTransform[]) {
    super();
    checkList('Compose', 'transforms', transforms, 'a list of transforms');
    for (const [i, each] of transforms.entries()) {
      if (each instanceof ImageTransform) continue;
      throw new ArgumentError(
        `Compose: transform ${i} is ${kindOf(each)}, expected an ImageTransform`,
      );
    }
    this.transforms = [...transforms];
  }

  protected override apply(images: Tensor, generator: Generator): Tensor {
    return this.transforms.reduce((x, transform) => {
      const next = transform.forward(x, { generator });
      if (x !== images && x !== next) x.dispose();
      return next;
    }, images);
  }
}

/** A part of an image that becomes a new image; it may reach beyond the edges. */
interface Window {
  readonly top: number;
  readonly left: number;
  readonly isFlipped: boolean;
}

export interface RandomCropOptions {
  /** Pixels added on each side before. Default: 0. */
  padding?: number;
  /** Value of those pixels. Default: 0. */
  fill?: number;
}

const CROP: OptionNames<RandomCropOptions> = { padding: true, fill: true };

/**
 * A window of each image, at a random place. With `padding: 4` on images of 32 pixels it is the augmentation of
 * He et al. ("Deep residual learning for image recognition", 2015, section 4.2).
 */
export class RandomCrop extends ImageTransform {
  readonly #rows: number;
  readonly #cols: number;
  readonly #padding: number;
  readonly #fill: number;

  /** @param size rows and columns of the result, or one number for both */
  constructor(
    size: number | readonly [rows: number, cols: number],
    options: RandomCropOptions = {},
  ) {
    super();
    checkOptions('RandomCrop', options, CROP);
    const pair = typeof size === 'number' ? [size, size] : size;
    checkList('RandomCrop', 'size', pair, 'a number or [rows, columns]');
    const [rows = 0, cols = 0] = pair;
    const { padding = 0, fill = 0 } = options;
    this.#rows = whole('RandomCrop', 'rows', rows, 1);
    this.#cols = whole('RandomCrop', 'columns', cols, 1);
    this.#padding = whole('RandomCrop', 'padding', padding, 0);
    if (!Number.isFinite(fill)) {
      throw new ArgumentError(`RandomCrop: fill is ${fill}, expected a finite number`);
    }
    this.#fill = fill;
  }

  protected override apply(images: Tensor, generator: Generator): Tensor {
    const padding = this.#padding;
    // Places that the window can have along each axis.
    const places = [dim(images.shape, 2) - this.#rows, dim(images.shape, 3) - this.#cols].map(
      (room) => room + 2 * padding + 1,
    );
    const [down = 0, across = 0] = places;
    if (down < 1 || across < 1) {
      throw new ShapeError(
        `RandomCrop: ${this.#rows} x ${this.#cols} pixels of images ${formatShape(images.shape)} with padding ` +
          `${padding}: the window is larger than they are`,
      );
    }
    const words = randomWords(2 * dim(images.shape, 0), generator);
    const windowOf = (i: number): Window => ({
      top: below(words[2 * i] ?? 0, down) - padding,
      left: below(words[2 * i + 1] ?? 0, across) - padding,
      isFlipped: false,
    });
    return cutOut(images, windowOf, this.#rows, this.#cols, this.#fill);
  }
}

export interface RandomHorizontalFlipOptions {
  /** Probability of a mirrored image, from 0 to 1. Default: 0.5. */
  p?: number;
}

const FLIP: OptionNames<RandomHorizontalFlipOptions> = { p: true };

/** Mirrors each image, left to right, with probability p. */
export class RandomHorizontalFlip extends ImageTransform {
  readonly #p: number;

  constructor(options: RandomHorizontalFlipOptions = {}) {
    super();
    checkOptions('RandomHorizontalFlip', options, FLIP);
    const { p = 0.5 } = options;
    if (!(p >= 0 && p <= 1)) {
      throw new ArgumentError(`RandomHorizontalFlip: p is ${p}, expected a number from 0 to 1`);
    }
    this.#p = p;
  }

  protected override apply(images: Tensor, generator: Generator): Tensor {
    const words = randomWords(dim(images.shape, 0), generator);
    const limit = this.#p * 2 ** 32;
    const windowOf = (i: number): Window => ({
      top: 0,
      left: 0,
      isFlipped: (words[i] ?? 0) < limit,
    });
    return cutOut(images, windowOf, dim(images.shape, 2), dim(images.shape, 3), 0);
  }
}

/**
 * (x − mean)/std, channel by channel. Bytes are scaled to 0 to 1 before and become float32, floats are taken as
 * they are.
 */
export class Normalize extends ImageTransform {
  readonly #mean: readonly number[];
  readonly #std: readonly number[];

  /** @param mean, std one number for all channels, or one each */
  constructor(mean: number | readonly number[], std: number | readonly number[]) {
    super();
    const means = typeof mean === 'number' ? [mean] : mean;
    const deviations = typeof std === 'number' ? [std] : std;
    checkList('Normalize', 'mean', means, 'a number, or a list of one for each channel');
    checkList('Normalize', 'std', deviations, 'a number, or a list of one for each channel');
    this.#mean = [...means];
    this.#std = [...deviations];
    if (
      !this.#mean.every(Number.isFinite) ||
      !this.#std.every((s) => Number.isFinite(s) && s > 0)
    ) {
      throw new ArgumentError(
        `Normalize: mean ${inWords(mean)} and std ${inWords(std)}, expected finite numbers, std > 0`,
      );
    }
  }

  protected override apply(images: Tensor, _generator: Generator): Tensor {
    const channels = dim(images.shape, 1);
    const isByte = !isFloat(images.dtype);
    const floats = converted(images, isByte ? 'float32' : images.dtype);
    const scale = isByte ? 255 : 1;
    const perChannel = (name: string, values: readonly number[]): Tensor => {
      if (values.length !== 1 && values.length !== channels) {
        throw new ShapeError(
          `Normalize: ${name} has ${values.length} numbers, images ${formatShape(images.shape)} have ${channels} channels`,
        );
      }
      const scaled = values.map((value) => value * scale);
      return tensor(scaled, { shape: [1, values.length, 1, 1], dtype: floats.dtype });
    };
    const mean = perChannel('mean', this.#mean);
    const std = perChannel('std', this.#std);
    return div(sub(floats, mean), std);
  }
}

/** A random word as an integer from 0 to limit − 1. */
function below(word: number, limit: number): number {
  return multiplyHigh(word, limit) >>> 0;
}

function whole(owner: string, name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least && value <= 2 ** 20) return value;
  throw new ArgumentError(`${owner}: ${name} is ${inWords(value)}, expected an integer ≥ ${least}`);
}

/** One window of each image, as an image of rows x cols; what lies beyond the edges is `fill`. One copy an image. */
function cutOut(
  images: Tensor,
  windowOf: (index: number) => Window,
  rows: number,
  cols: number,
  fill: number,
): Tensor {
  const [count, channels] = [dim(images.shape, 0), dim(images.shape, 1)];
  const [height, width] = [dim(images.shape, 2), dim(images.shape, 3)];
  const out = empty([count, channels, rows, cols], images.dtype, images.layout);
  const windows = Array.from({ length: count }, (_, i) => windowOf(i));
  const isInside = windows.every(
    ({ top, left }) => top >= 0 && left >= 0 && top + rows <= height && left + cols <= width,
  );
  if (!isInside) refill(out, fill);
  const to = stridesIn(out, out.shape);
  const from = stridesIn(images, images.shape);
  for (const [i, { top, left, isFlipped }] of windows.entries()) {
    const [y0, x0] = [Math.max(0, top), Math.max(0, left)];
    const [y1, x1] = [Math.min(height, top + rows), Math.min(width, left + cols)];
    // The leftmost column of what is copied, and the way across, in the source.
    const [column, step] = isFlipped ? [x1 - 1, -1] : [x0, 1];
    const target = isFlipped ? left + cols - x1 : x0 - left;
    stridedCopy(
      out,
      {
        start: startAt(to, [i, 0, y0 - top, target]),
        strides: to,
      },
      images,
      {
        start: startAt(from, [i, 0, y0, column]),
        strides: from.map((stride, axis) => (axis === 3 ? step * stride : stride)),
      },
      [1, channels, Math.max(0, y1 - y0), Math.max(0, x1 - x0)],
    );
  }
  return out;
}

function startAt(strides: readonly number[], at: readonly number[]): number {
  return at.reduce((sum, index, axis) => sum + index * (strides[axis] ?? 0), 0);
}
