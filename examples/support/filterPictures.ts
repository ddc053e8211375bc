import { data, type models, noGrad, relu, type Tensor, vision } from 'axonode';

/** Dots a pixel after enlarging; labels are in proportion to it. */
const SCALE = 4;
const FILTER_ENLARGED = 10;
const PATCH_ENLARGED = 2;
/** Of the maps, which are larger. */
const MAP_SCALE = 5;

/** Images with each pixel as a square of `factor` pixels on a side. */
function enlarged<T extends Float32Array | Uint8Array>(
  [count, channels, height, width]: readonly [number, number, number, number],
  pixels: T,
  make: (length: number) => T,
  factor: number,
): { shape: number[]; data: T } {
  const [rows, cols] = [height * factor, width * factor];
  const out = make(count * channels * rows * cols);
  for (let at = 0; at < out.length; at++) {
    const [plane, place] = [Math.floor(at / (rows * cols)), at % (rows * cols)];
    const y = Math.floor(Math.floor(place / cols) / factor);
    const x = Math.floor((place % cols) / factor);
    out[at] = pixels[(plane * height + y) * width + x] ?? 0;
  }
  return { shape: [count, channels, rows, cols], data: out };
}

/** Brought to 0 to 1. */
function stretched(values: Float32Array): Float32Array {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return values.map((value) => (value - low) / (high - low || 1));
}

/** The first layer's filters, [16, 3, 3, 3], as small colour images: what each of them is looking for. */
export async function firstFilters(model: models.CifarResNet): Promise<Uint8Array> {
  const { weight } = model.conv1;
  const size = 27;
  const pixels = Float32Array.from(await weight.data());
  for (let at = 0; at < pixels.length; at += size) {
    pixels.set(stretched(pixels.subarray(at, at + size)), at);
  }
  const count = pixels.length / size;
  const labels = Array.from({ length: count }, (_, i) => `FILTER ${i}`);
  const images = enlarged([count, 3, 3, 3], pixels, (n) => new Float32Array(n), FILTER_ENLARGED);
  return vision.imageGrid(images, { columns: 8, scale: SCALE, padding: 6, labels });
}

/** After the first layer: [N, 16, 32, 32], each as bright as its filter is excited. */
function firstMaps(model: models.CifarResNet, images: Tensor): Tensor {
  return relu(model.bn1.forward(model.conv1.forward(images)));
}

/** A test image, what each filter of the first layer makes of it, and their mean. */
export async function featureMaps(
  model: models.CifarResNet,
  source: data.LabelledImages,
  scale: data.ImageDatasetOptions,
  index = 0,
): Promise<Uint8Array> {
  const plane = source.rows * source.cols;
  const maps = await noGrad(() => {
    const [images] = new data.ImageDataset(source, scale).batch(Int32Array.of(index));
    return firstMaps(model, images).data();
  });
  const channels = maps.length / plane;
  const pixels = new Float32Array((channels + 2) * 3 * plane);
  for (let i = 0; i < 3 * plane; i++) {
    pixels[i] = (source.images[index * 3 * plane + i] ?? 0) / 255;
  }
  const mean = new Float32Array(plane);
  const show = (at: number, grey: Float32Array): void => {
    for (let channel = 0; channel < 3; channel++) pixels.set(grey, (at * 3 + channel) * plane);
  };
  for (let channel = 0; channel < channels; channel++) {
    const map = stretched(Float32Array.from(maps.slice(channel * plane, (channel + 1) * plane)));
    for (const [p, value] of map.entries()) mean[p] = (mean[p] ?? 0) + value;
    show(channel + 1, map);
  }
  show(channels + 1, stretched(mean));
  const name = source.classes?.[source.labels[index] ?? 0] ?? 'image';
  const filters = Array.from({ length: channels }, (_, i) => `FILTER ${i}`);
  return vision.imageGrid(
    { shape: [channels + 2, 3, source.rows, source.cols], data: pixels },
    {
      columns: 6,
      scale: MAP_SCALE,
      padding: 6,
      labels: [name.toUpperCase(), ...filters, 'MEAN'],
    },
  );
}

interface Place {
  readonly image: number;
  /** Row-major in the map. */
  readonly at: number;
  readonly strength: number;
}

/** Pixels of the input, on a side, that a place after the third block sees: 3, and 2 for each of six convolutions. */
const FIELD = 15;

/**
 * Where the filters of the third block are excited most: for each of the first filters a row of the patches of test
 * images that do it, at most one an image.
 */
export async function strongestPatches(
  model: models.CifarResNet,
  source: data.LabelledImages,
  scale: data.ImageDatasetOptions,
  { filters = 8, patches = 10, images = 2000 } = {},
): Promise<Uint8Array> {
  const dataset = new data.ImageDataset(source, scale);
  const best: Place[][] = Array.from({ length: filters }, () => []);
  const count = Math.min(images, source.count);
  const stride = source.count / count;
  const indices = Int32Array.from({ length: count }, (_, i) => Math.floor(i * stride));
  for (let start = 0; start < count; start += 250) {
    const chosen = indices.subarray(start, start + 250);
    await noGrad(async () => {
      const [batch] = dataset.batch(chosen);
      const maps = model.layer1.forward(model.bn1.forward(model.conv1.forward(batch)));
      const flat = maps.reshape([chosen.length, 16, -1]);
      const [strengths, places] = [await flat.max(2).data(), await flat.argmax(2).data()];
      for (const [i, image] of chosen.entries()) {
        for (const [filter, list] of best.entries()) {
          const k = i * 16 + filter;
          list.push({ image, at: places[k] ?? 0, strength: strengths[k] ?? 0 });
        }
      }
    });
  }
  const rows = best.map((list) => list.sort((a, b) => b.strength - a.strength).slice(0, patches));
  const chosen = rows.flat();
  const size = 3 * FIELD * FIELD;
  const pixels = new Uint8Array(chosen.length * size);
  for (const [i, place] of chosen.entries()) copyPatch(pixels, i * size, source, place);
  const labels = rows.flatMap((list, filter) =>
    list.map(({ image }, rank) => {
      const name = source.classes?.[source.labels[image] ?? 0] ?? '';
      return (rank === 0 ? `${filter}:${name}` : name).toUpperCase();
    }),
  );
  const shape = [chosen.length, 3, FIELD, FIELD] as const;
  return vision.imageGrid(
    enlarged(shape, pixels, (n) => new Uint8Array(n), PATCH_ENLARGED),
    { columns: patches, scale: SCALE, padding: 6, labels },
  );
}

/** The patch around a place; black beyond the image's edges, where the network sees zeros. */
function copyPatch(
  out: Uint8Array,
  start: number,
  { images, rows, cols }: data.LabelledImages,
  { image, at }: Place,
): void {
  const [top, left] = [Math.floor(at / cols) - (FIELD >> 1), (at % cols) - (FIELD >> 1)];
  for (let channel = 0; channel < 3; channel++) {
    for (let y = Math.max(0, top); y < Math.min(rows, top + FIELD); y++) {
      for (let x = Math.max(0, left); x < Math.min(cols, left + FIELD); x++) {
        const to = start + (channel * FIELD + y - top) * FIELD + x - left;
        out[to] = images[((image * 3 + channel) * rows + y) * cols + x] ?? 0;
      }
    }
  }
}
