import { checkList, checkObject } from '../arguments.js';
import { ArgumentError, DataError } from '../errors.js';
import { tensor } from '../ops/creation.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Tensor } from '../tensor/tensor.js';
import { type DecodeOptions, decodeImage } from '../vision/decode.js';
import type { Raster } from '../vision/png.js';
import type { BatchDataset } from './dataset.js';
import { type FoundImage, findImages } from './imageFiles.js';
import type { LabelledImages } from './labelledImages.js';

export interface ImageFolderOptions {
  /**
   * Rows and columns that images are brought to, or one number for both: scaled until they just cover it, then cut
   * around their centre. Default: images stay as they are, and have to be of one size where they meet in a batch.
   */
  size?: number | readonly [rows: number, cols: number];
  /** 3: red, green, blue; 1: grey. Default: 3. */
  channels?: 1 | 3;
  /** Images that are decoded at a time. Default: 8. */
  concurrency?: number;
  /** Larger images are refused. Default: 2²⁶. */
  maxPixels?: number;
  /** Larger files of images are refused before they are read. Default: 256 MiB. */
  maxFileBytes?: number;
  /**
   * For a root that is an archive: what it may unpack to, and what its images, not decoded, may take of the memory that
   * they are kept in. Default: 2 GiB.
   */
  maxArchiveBytes?: number;
}

const OPEN: OptionNames<ImageFolderOptions> = {
  size: true,
  channels: true,
  concurrency: true,
  maxPixels: true,
  maxFileBytes: true,
  maxArchiveBytes: true,
};

const MAX_ARCHIVE_BYTES = 2 ** 31;

export interface LoadImagesOptions {
  /** Called after each image. */
  onProgress?: (done: number, total: number) => void;
  /** More pixels than this are not kept in memory. Default: 2³¹ bytes. */
  maxBytes?: number;
}

const LOAD: OptionNames<LoadImagesOptions> = { onProgress: true, maxBytes: true };

/** An image file and its class. */
export interface ImageSample {
  readonly path: string;
  /** Index into `classes`. */
  readonly label: number;
}

/**
 * Images in folders that name their classes, as torchvision's ImageFolder: `root/<class>/<any>.jpg`, deeper folders
 * included, classes and files sorted by name; also such a tree in a `.tar` or `.tar.gz`. Folders whose names start
 * with a dot are passed over.
 *
 * As a dataset it decodes what is asked for: a sample is [image: uint8 [channels, rows, cols], label: int32], a
 * batch [uint8 [batch, channels, rows, cols], int32 [batch]]. {@link ImageFolder.load} decodes all of it once.
 * Needs the package `sharp` (`npm install sharp`).
 *
 * @example
 * const folder = await ImageFolder.open('flowers/train', { size: 64 });
 * const data = new ImageDataset(await folder.load(), { mean: 0.5, std: 0.25 });
 */
export class ImageFolder implements BatchDataset<[Tensor, Tensor], [Tensor, Tensor]> {
  readonly root: string;
  readonly classes: readonly string[];
  readonly samples: readonly ImageSample[];
  readonly #images: readonly FoundImage[];
  readonly #concurrency: number;
  readonly #decoding: DecodeOptions;

  private constructor(
    root: string,
    found: { classes: readonly string[]; images: readonly FoundImage[] },
    options: ImageFolderOptions,
  ) {
    checkObject('ImageFolder', 'the options', options, '{ size }; use ImageFolder.open()');
    checkObject('ImageFolder', 'what was found', found, 'images; use ImageFolder.open()');
    checkList('ImageFolder', 'images', found.images);
    const { size, channels, concurrency = 8, maxPixels, maxFileBytes } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new ArgumentError(
        `ImageFolder: concurrency is ${concurrency}, expected an integer ≥ 1`,
      );
    }
    this.root = root;
    this.classes = found.classes;
    this.samples = found.images.map(({ path, label }) => ({ path, label }));
    this.#images = found.images;
    this.#concurrency = concurrency;
    this.#decoding = { size, channels, maxPixels, maxBytes: maxFileBytes };
  }

  /**
   * Looks for the images; decodes none.
   * @param root a folder, or an archive
   * @throws DataError if it cannot be read, has no classes, or one of them no images
   */
  static async open(root: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
    checkOptions('ImageFolder', options, OPEN);
    const { maxArchiveBytes = MAX_ARCHIVE_BYTES } = options;
    return new ImageFolder(root, await findImages(root, maxArchiveBytes), options);
  }

  get length(): number {
    return this.#images.length;
  }

  async get(index: number): Promise<[Tensor, Tensor]> {
    const { data, shape, labels } = await this.#gather(Int32Array.of(index));
    return [tensor(data, { shape: shape.slice(1) }), tensor(labels, { shape: [] })];
  }

  async batch(indices: Int32Array): Promise<[Tensor, Tensor]> {
    const { data, shape, labels } = await this.#gather(indices);
    return [tensor(data, { shape }), tensor(labels)];
  }

  /**
   * All images, decoded once and kept as bytes.
   * @throws DataError that names the file that is damaged or of another size; DependencyError without sharp
   */
  async load(options: LoadImagesOptions = {}): Promise<LabelledImages> {
    checkOptions('ImageFolder.load', options, LOAD);
    const all = Int32Array.from({ length: this.length }, (_, i) => i);
    const { data, shape, labels } = await this.#gather(all, options);
    const [count = 0, channels = 0, rows = 0, cols = 0] = shape;
    return { images: data, labels, count, channels, rows, cols, classes: this.classes };
  }

  async #gather(
    indices: Int32Array,
    { onProgress, maxBytes = 2 ** 31 }: LoadImagesOptions = {},
  ): Promise<{ data: Uint8Array; shape: number[]; labels: Int32Array }> {
    const wrong = indices.find((index) => index < 0 || index >= this.length);
    if (wrong !== undefined) {
      throw new ArgumentError(`ImageFolder: index ${wrong}, expected 0 to ${this.length - 1}`);
    }
    const chosen = Array.from(indices, (index) => this.#images[index]).filter(
      (image) => image !== undefined,
    );
    const [first] = chosen;
    if (first === undefined) throw new ArgumentError('ImageFolder: no images are asked for');
    const model = await this.#decode(first);
    const { width, height, channels } = model;
    const size = width * height * channels;
    if (size * chosen.length > maxBytes) {
      throw new ArgumentError(
        `ImageFolder: ${chosen.length} images of ${channels} x ${height} x ${width} take more than the ` +
          `${maxBytes} bytes of maxBytes; without load() the folder decodes what is asked for`,
      );
    }
    const data = new Uint8Array(size * chosen.length);
    let done = 0;
    await eachOf(chosen, this.#concurrency, async (image, i) => {
      const raster = i === 0 ? model : await this.#decode(image);
      if (raster.width !== width || raster.height !== height) {
        throw new DataError(
          `${image.path}: ${raster.width} x ${raster.height} pixels, while ${first.path} has ${width} x ${height}; ` +
            'ImageFolder.open with a size brings all to one',
        );
      }
      copyPlanes(data, i * size, raster);
      onProgress?.(++done, chosen.length);
    });
    const labels = Int32Array.from(chosen, ({ label }) => label);
    return { data, shape: [chosen.length, channels, height, width], labels };
  }

  #decode({ path, source }: FoundImage): Promise<Raster> {
    return decodeImage(source, { file: path, ...this.#decoding });
  }
}

/** Does the work for each item, `limit` at a time. After a fault no more is begun, and it is thrown at the end. */
async function eachOf<T>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const queue = items.entries();
  const faults: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const [i, item] of queue) {
      if (faults.length > 0) return;
      try {
        await work(item, i);
      } catch (fault) {
        faults.push(fault);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (faults.length > 0) throw faults[0];
}

/** Pixels side by side, as one plane a channel. */
function copyPlanes(out: Uint8Array, start: number, { channels, data, ...raster }: Raster): void {
  const plane = raster.width * raster.height;
  for (let channel = 0; channel < channels; channel++) {
    const to = start + channel * plane;
    for (let p = 0; p < plane; p++) out[to + p] = data[p * channels + channel] ?? 0;
  }
}
