import {
  type BatchDataset,
  Generator,
  ImageDataset,
  type ImageDatasetOptions,
  type LabelledImages,
  randint,
  type Tensor,
} from 'axonode';

/** The same images, one in `every` with the label of another class. */
export function withWrongLabels(images: LabelledImages, every: number): LabelledImages {
  const labels = images.labels.map((label, i) =>
    i % every === 0 ? (label + 1 + ((i / every) % 9)) % 10 : label,
  );
  return { ...images, labels };
}

/** Images that are moved by up to `most` pixels in each direction, differently every time. */
export class ShiftedImages implements BatchDataset<[Tensor, Tensor], [Tensor, Tensor]> {
  readonly #source: LabelledImages;
  readonly #most: number;
  readonly #options: ImageDatasetOptions;
  readonly #generator = new Generator(7);

  constructor(source: LabelledImages, most: number, options: ImageDatasetOptions) {
    this.#source = source;
    this.#most = most;
    this.#options = options;
  }

  get length(): number {
    return this.#source.count;
  }

  async get(index: number): Promise<[Tensor, Tensor]> {
    return (await this.#shifted(Int32Array.of(index))).get(0);
  }

  async batch(indices: Int32Array): Promise<[Tensor, Tensor]> {
    const images = await this.#shifted(indices);
    return images.batch(indices.map((_, i) => i));
  }

  async #shifted(indices: Int32Array): Promise<ImageDataset> {
    const { images, labels, channels, rows, cols } = this.#source;
    const drawn = randint(-this.#most, this.#most + 1, [indices.length, 2], {
      generator: this.#generator,
    });
    const shifts = await drawn.data();
    drawn.dispose();
    const planes = rows * cols * channels;
    const moved = new Uint8Array(indices.length * planes);
    for (const [i, index] of indices.entries()) {
      const [down = 0, right = 0] = [shifts[2 * i], shifts[2 * i + 1]];
      for (let row = 0; row < channels * rows; row++) {
        const to = (row % rows) + down;
        if (to < 0 || to >= rows) continue;
        const from = index * planes + row * cols;
        const line = images.subarray(from + Math.max(0, -right), from + cols - Math.max(0, right));
        moved.set(line, i * planes + (row + down) * cols + Math.max(0, right));
      }
    }
    const chosen = Uint8Array.from(indices, (index) => labels[index] ?? 0);
    return new ImageDataset(
      { ...this.#source, images: moved, labels: chosen, count: indices.length },
      this.#options,
    );
  }
}
