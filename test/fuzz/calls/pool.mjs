// Pooling and resizing.
import { copied, f32, i32, numbers, small } from '../arguments.mjs';
import { code } from '../codes.mjs';
import { geometryOf } from '../geometry.mjs';

function averagingOf(random) {
  const padding = [random.integer(0, 2), random.integer(0, 2)];
  return copied(Float64Array.of(...padding, random.integer(0, 1), random.integer(-3, 3)));
}

/** Two image sizes, and scales of which some fit them. */
function upsampleSizes(random) {
  const [batch, channels] = [random.integer(0, 3), random.integer(1, 40)];
  const [height, width, outHeight, outWidth] = Array.from({ length: 4 }, () =>
    random.integer(1, 9),
  );
  const scales = [random.pick([height / outHeight, 0.5]), random.pick([width / outWidth, 3, 0])];
  const sizes = [batch, channels, height, width, outHeight, outWidth];
  return {
    inputs: batch * height * width * channels,
    outputs: batch * outHeight * outWidth * channels,
    upsampling: copied(Float64Array.of(...sizes, ...scales)),
  };
}

export const poolCalls = {
  maxPool2d: (r) => {
    const g = geometryOf(r, true);
    return [f32(g.outputs), i32(g.outputs), f32(g.inputs), g.geometry];
  },
  maxPool2dGrad: (r) => {
    const g = geometryOf(r, true);
    return [f32(g.inputs), f32(g.outputs), i32(g.outputs, 9), g.geometry];
  },
  maxPool2dGather: (r) => {
    const g = geometryOf(r, true);
    return [f32(g.outputs), f32(g.inputs), i32(g.outputs, 9), g.geometry];
  },
  maxUnpool2d: (r) => {
    const [batch, pixels, channels, count] = [small(r), small(r), r.integer(1, 40), small(r)];
    const n = batch * count * channels;
    const arrays = [f32(batch * pixels * channels), f32(n), i32(n, pixels)];
    return [...arrays, ...numbers(batch, pixels, channels, count)];
  },
  avgPool2d: (r) => {
    const g = geometryOf(r, true);
    return [f32(g.outputs), f32(g.inputs), g.geometry, averagingOf(r)];
  },
  avgPool2dGrad: (r) => {
    const g = geometryOf(r, true);
    return [f32(g.inputs), f32(g.outputs), g.geometry, averagingOf(r)];
  },
  upsample2d: (r, addon) => {
    const s = upsampleSizes(r);
    return [f32(s.outputs), f32(s.inputs), s.upsampling, code(r, addon, 'UpsampleMode')];
  },
  upsample2dGrad: (r, addon) => {
    const s = upsampleSizes(r);
    return [f32(s.inputs), f32(s.outputs), s.upsampling, code(r, addon, 'UpsampleMode')];
  },
};
