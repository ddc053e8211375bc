// Convolution and pooling.
import { copied, f32, flag, i32, numbers, orNull, small } from '../arguments.mjs';

function geometryOf(random, pooling) {
  const axis = () => {
    const input = random.integer(1, 9);
    const [stride, dilation] = [random.integer(1, 3), random.integer(1, 2)];
    const pad = random.integer(0, 2);
    const kernel = random.integer(1, Math.max(1, Math.floor((input + 2 * pad - 1) / dilation)));
    const output = Math.floor((input + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;
    return { input, stride, dilation, pad, kernel, output: Math.max(1, output) };
  };
  const [h, w] = [axis(), axis()];
  const groups = random.pick([1, 1, 2, 3]);
  const inChannels = groups * random.pick([1, 2, 5, 16, 64]);
  const outChannels = pooling ? inChannels : groups * random.pick([1, 3, 8, 16, 64]);
  const batch = random.chance(0.05) ? 20 : random.integer(0, 3);
  const plane = (height, width) => batch * height * width;
  return {
    geometry: copied(
      Int32Array.of(
        ...[batch, h.input, w.input, inChannels, h.output, w.output, outChannels],
        ...[h.kernel, w.kernel, h.stride, w.stride, h.pad, w.pad, h.dilation, w.dilation],
        pooling ? inChannels : groups,
      ),
    ),
    inputs: plane(h.input, w.input) * inChannels,
    outputs: plane(h.output, w.output) * outChannels,
    weights: (outChannels * inChannels * h.kernel * w.kernel) / groups,
    inChannels,
    outChannels,
    formats: weightFormats({ h, w, batch, inChannels, outChannels, groups }),
  };
}

/** Elements of prepared weights, for each format that suits a geometry. */
function weightFormats({ h, w, batch, inChannels, outChannels, groups }) {
  const whole = (n) => Math.ceil(n / 32) * 32;
  const taps = h.kernel * w.kernel;
  const formats = [[1, inChannels * taps * whole(outChannels / groups)]];
  if (groups === inChannels && groups === outChannels) formats.push([0, inChannels * taps]);
  const isPlain = ({ kernel, stride, dilation }) => kernel === 3 && stride === 1 && dilation === 1;
  const isLarge = groups === 1 && inChannels >= 16 && outChannels >= 16 && batch > 0;
  if (isPlain(h) && isPlain(w) && isLarge) {
    formats.push([2, 36 * inChannels * whole(outChannels)]);
    formats.push([3, 16 * inChannels * whole(outChannels)]);
  }
  return formats;
}

export const convolutionCalls = {
  conv2d: (r) => {
    const g = geometryOf(r, false);
    const bias = orNull(r, f32(g.outChannels));
    return [f32(g.outputs), f32(g.inputs), f32(g.weights), bias, g.geometry];
  },
  packConv2d: (r) => {
    const g = geometryOf(r, false);
    const [format, packed] = r.pick(g.formats);
    return [f32(packed), f32(g.weights), g.geometry, ...numbers(format)];
  },
  conv2dPacked: (r) => {
    const g = geometryOf(r, false);
    const [format, packed] = r.pick(g.formats);
    const [bias, add] = [orNull(r, f32(g.outChannels)), orNull(r, f32(g.outputs))];
    const arrays = [f32(g.outputs), f32(g.inputs), f32(packed), bias, add];
    return [...arrays, g.geometry, ...numbers(format, r.integer(0, 1))];
  },
  conv2dInputGrad: (r) => {
    const g = geometryOf(r, false);
    const bias = orNull(r, f32(g.inChannels));
    return [f32(g.inputs), f32(g.outputs), f32(g.weights), bias, g.geometry];
  },
  conv2dWeightGrad: (r) => {
    const g = geometryOf(r, false);
    return [f32(g.weights), f32(g.outputs), f32(g.inputs), g.geometry];
  },
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
    const tail = [
      ...numbers(r.integer(0, 2), r.integer(0, 2)),
      flag(r),
      ...numbers(r.integer(-3, 3)),
    ];
    return [f32(g.outputs), f32(g.inputs), g.geometry, ...tail];
  },
  avgPool2dGrad: (r) => {
    const g = geometryOf(r, true);
    const tail = [
      ...numbers(r.integer(0, 2), r.integer(0, 2)),
      flag(r),
      ...numbers(r.integer(-3, 3)),
    ];
    return [f32(g.inputs), f32(g.outputs), g.geometry, ...tail];
  },
};
