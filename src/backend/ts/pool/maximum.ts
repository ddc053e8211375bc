import type { FloatArray, IndexArray, Kernels } from '../../kernels/index.js';
import { checkIndices } from '../kit/faults.js';
import { forEachWindow, readGeometry } from '../kit/geometry.js';

export const maxPool2d: Kernels['maxPool2d'] = (out, index, x, geometry) => {
  const image = readGeometry(geometry);
  const channels = image.inChannels;
  const inPlane = image.inHeight * image.inWidth;
  const outPlane = image.outHeight * image.outWidth;
  forEachWindow(image, ({ output, count, inputs }) => {
    const o = output * channels;
    const firstPixel = Math.floor(output / outPlane) * inPlane;
    if (count === 0) {
      out.fill(-Infinity, o, o + channels);
      index.fill(-1, o, o + channels);
      return;
    }
    const first = inputs[0] as number;
    copyPixel(out, o, x, first * channels, channels);
    index.fill(first - firstPixel, o, o + channels);
    for (let t = 1; t < count; t++) {
      const pixel = inputs[t] as number;
      keepLargest(out, index, o, x, pixel * channels, pixel - firstPixel, channels);
    }
  });
};

function copyPixel(out: FloatArray, o: number, x: FloatArray, i: number, channels: number): void {
  for (let c = 0; c < channels; c++) out[o + c] = x[i + c] as number;
}

function keepLargest(
  out: FloatArray,
  index: IndexArray,
  o: number,
  x: FloatArray,
  i: number,
  position: number,
  channels: number,
): void {
  for (let c = 0; c < channels; c++) {
    const v = x[i + c] as number;
    const best = out[o + c] as number;
    // The first of equals stays; of NaNs, the last, as in PyTorch.
    if (v > best || Number.isNaN(v)) {
      out[o + c] = v;
      index[o + c] = position;
    }
  }
}

export const maxPool2dGrad: Kernels['maxPool2dGrad'] = (dx, dy, index, geometry) => {
  const image = readGeometry(geometry);
  const channels = image.inChannels;
  const inPlane = image.inHeight * image.inWidth * channels;
  const outPlane = image.outHeight * image.outWidth * channels;
  dx.fill(0, 0, image.batch * inPlane);
  for (let n = 0, o = 0; n < image.batch; n++) {
    for (const end = o + outPlane; o < end; ) {
      for (let c = 0; c < channels; c++, o++) {
        const position = index[o] as number;
        if (position < 0) continue;
        const i = n * inPlane + position * channels + c;
        dx[i] = (dx[i] as number) + (dy[o] as number);
      }
    }
  }
};

export const maxPool2dGather: Kernels['maxPool2dGather'] = (out, x, index, geometry) => {
  const image = readGeometry(geometry);
  const channels = image.inChannels;
  const inPlane = image.inHeight * image.inWidth * channels;
  const outPlane = image.outHeight * image.outWidth * channels;
  for (let n = 0, o = 0; n < image.batch; n++) {
    for (const end = o + outPlane; o < end; ) {
      for (let c = 0; c < channels; c++, o++) {
        const position = index[o] as number;
        out[o] = position < 0 ? 0 : (x[n * inPlane + position * channels + c] as number);
      }
    }
  }
};

export const maxUnpool2d: Kernels['maxUnpool2d'] = (
  out,
  x,
  index,
  batch,
  pixels,
  channels,
  count,
) => {
  checkIndices('maxUnpool2d', index, batch * count * channels, pixels);
  out.fill(0, 0, batch * pixels * channels);
  let k = 0;
  for (let n = 0; n < batch; n++) {
    const plane = n * pixels * channels;
    for (let j = 0; j < count; j++) {
      for (let c = 0; c < channels; c++, k++) {
        out[plane + (index[k] as number) * channels + c] = x[k] as number;
      }
    }
  }
};
