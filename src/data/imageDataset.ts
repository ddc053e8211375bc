import { checkNumbers, checkObject } from '../arguments.js';
import { ArgumentError } from '../errors.js';
import { tensor } from '../ops/creation.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Tensor } from '../tensor/tensor.js';
import type { BatchDataset } from './dataset.js';
import type { LabelledImages } from './labelledImages.js';

export interface ImageDatasetOptions {
  /** Subtracted from pixels scaled to 0 to 1: one number, or one a channel; default 0. */
  mean?: number | readonly number[];
  /** Then divided by; default 1. */
  std?: number | readonly number[];
}

const NAMES: OptionNames<ImageDatasetOptions> = { mean: true, std: true };

/**
 * Images with labels, kept as bytes and turned into floats batch by batch: a batch is
 * [images: float32 [batch, channels, rows, cols], labels: int32 [batch]]; a sample is the same without the
 * batch axis.
 */
export class ImageDataset implements BatchDataset<[Tensor, Tensor], [Tensor, Tensor]> {
  readonly source: LabelledImages;
  /** What each of the 256 grey levels becomes, channel after channel. */
  readonly #levels: Float32Array;

  constructor(source: LabelledImages, options: ImageDatasetOptions = {}) {
    checkOptions('ImageDataset', options, NAMES);
    const { mean = 0, std = 1 } = options;
    checkObject('ImageDataset', 'the source', source, 'labelled images, as of loadMnist()');
    const { images, labels, count, channels, rows, cols } = source;
    checkNumbers('ImageDataset', 'images', images);
    checkNumbers('ImageDataset', 'labels', labels);
    if (labels.length !== count || images.length !== count * channels * rows * cols) {
      throw new ArgumentError(
        `ImageDataset: ${images.length} pixels and ${labels.length} labels for ${count} images of ` +
          `${channels} x ${rows} x ${cols}`,
      );
    }
    this.source = source;
    this.#levels = levelsOf(perChannel('mean', mean, channels), perChannel('std', std, channels));
  }

  get length(): number {
    return this.source.count;
  }

  get(index: number): [Tensor, Tensor] {
    const { channels, rows, cols } = this.source;
    return this.#gather(Int32Array.of(index), [channels, rows, cols], []);
  }

  batch(indices: Int32Array): [Tensor, Tensor] {
    const { channels, rows, cols } = this.source;
    const { length } = indices;
    return this.#gather(indices, [length, channels, rows, cols], [length]);
  }

  #gather(indices: Int32Array, imageShape: number[], labelShape: number[]): [Tensor, Tensor] {
    const { images, labels, count, channels, rows, cols } = this.source;
    const plane = rows * cols;
    const size = channels * plane;
    const levels = this.#levels;
    const pixels = new Float32Array(indices.length * size);
    const classes = new Int32Array(indices.length);
    for (const [i, index] of indices.entries()) {
      if (!Number.isInteger(index) || index < 0 || index >= count) {
        throw new ArgumentError(`ImageDataset: index ${index}, expected 0 to ${count - 1}`);
      }
      classes[i] = labels[index] ?? 0;
      for (let channel = 0; channel < channels; channel++) {
        const from = index * size + channel * plane;
        const to = i * size + channel * plane;
        const base = channel * 256;
        for (let p = 0; p < plane; p++)
          pixels[to + p] = levels[base + (images[from + p] ?? 0)] ?? 0;
      }
    }
    return [tensor(pixels, { shape: imageShape }), tensor(classes, { shape: labelShape })];
  }
}

function perChannel(
  name: string,
  value: number | readonly number[],
  channels: number,
): readonly number[] {
  if (typeof value === 'number') return new Array<number>(channels).fill(value);
  if (value.length === channels) return value;
  throw new ArgumentError(
    `ImageDataset: ${name} has ${value.length} numbers, the images have ${channels} channels`,
  );
}

function levelsOf(means: readonly number[], stds: readonly number[]): Float32Array {
  const levels = new Float32Array(means.length * 256);
  for (const [channel, mean] of means.entries()) {
    const std = stds[channel] ?? 1;
    for (let grey = 0; grey < 256; grey++) levels[channel * 256 + grey] = (grey / 255 - mean) / std;
  }
  return levels;
}
