import { type FloatArray, type Kernels, UpsampleMode } from '../kernels.js';

/** An output position is a mix of two input positions: (1 − share)·low + share·high. */
interface Tap {
  readonly low: number;
  readonly high: number;
  readonly share: number;
}

function clamped(at: number, size: number): number {
  return Math.min(Math.max(at, 0), size - 1);
}

function tapOf(position: number, size: number, scale: number, mode: UpsampleMode): Tap {
  if (mode === UpsampleMode.nearest) {
    // In float32, as PyTorch does, so that both round to the same pixel.
    const low = clamped(Math.floor(Math.fround(position * Math.fround(scale))), size);
    return { low, high: low, share: 0 };
  }
  const isCorners = mode === UpsampleMode.bilinearCorners;
  const source = isCorners ? position * scale : Math.max((position + 0.5) * scale - 0.5, 0);
  const low = clamped(Math.floor(source), size);
  return { low, high: Math.min(low + 1, size - 1), share: Math.min(Math.max(source - low, 0), 1) };
}

function tapsOf(count: number, size: number, scale: number, mode: UpsampleMode): Tap[] {
  return Array.from({ length: count }, (_, position) => tapOf(position, size, scale, mode));
}

export const upsample2d: Kernels['upsample2d'] = (
  out,
  x,
  batch,
  inHeight,
  inWidth,
  channels,
  outHeight,
  outWidth,
  scaleHeight,
  scaleWidth,
  mode,
) => {
  const rows = tapsOf(outHeight, inHeight, scaleHeight, mode);
  const columns = tapsOf(outWidth, inWidth, scaleWidth, mode);
  let at = 0;
  for (let n = 0; n < batch; n++) {
    const image = n * inHeight * inWidth * channels;
    for (const row of rows) {
      for (const column of columns) {
        const pixel = (y: number, z: number): number => image + (y * inWidth + z) * channels;
        if (mode === UpsampleMode.nearest) {
          const from = pixel(row.low, column.low);
          out.set(x.subarray(from, from + channels), at);
        } else {
          const [a, b] = [pixel(row.low, column.low), pixel(row.low, column.high)];
          const [c, d] = [pixel(row.high, column.low), pixel(row.high, column.high)];
          for (let k = 0; k < channels; k++) {
            const top = mix(x, a + k, b + k, column.share);
            const bottom = mix(x, c + k, d + k, column.share);
            out[at + k] = top * (1 - row.share) + bottom * row.share;
          }
        }
        at += channels;
      }
    }
  }
};

function mix(x: FloatArray, low: number, high: number, share: number): number {
  return (x[low] as number) * (1 - share) + (x[high] as number) * share;
}

export const upsample2dGrad: Kernels['upsample2dGrad'] = (
  dx,
  dy,
  batch,
  inHeight,
  inWidth,
  channels,
  outHeight,
  outWidth,
  scaleHeight,
  scaleWidth,
  mode,
) => {
  const rows = tapsOf(outHeight, inHeight, scaleHeight, mode);
  const columns = tapsOf(outWidth, inWidth, scaleWidth, mode);
  dx.fill(0, 0, batch * inHeight * inWidth * channels);
  const spread = (to: number, from: number, weight: number): void => {
    if (weight === 0) return;
    for (let k = 0; k < channels; k++) {
      dx[to + k] = (dx[to + k] as number) + weight * (dy[from + k] as number);
    }
  };
  let at = 0;
  for (let n = 0; n < batch; n++) {
    const image = n * inHeight * inWidth * channels;
    const pixel = (y: number, z: number): number => image + (y * inWidth + z) * channels;
    for (const { low: top, high: bottom, share: u } of rows) {
      for (const { low: left, high: right, share: v } of columns) {
        spread(pixel(top, left), at, (1 - u) * (1 - v));
        spread(pixel(top, right), at, (1 - u) * v);
        spread(pixel(bottom, left), at, u * (1 - v));
        spread(pixel(bottom, right), at, u * v);
        at += channels;
      }
    }
  }
};
