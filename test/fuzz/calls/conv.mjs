// Convolution.
import { f32, numbers, orNull } from '../arguments.mjs';
import { geometryOf } from '../geometry.mjs';

/** Elements of prepared weights, for each format that suits a geometry. */
function weightFormats({ axes: { h, w, batch, groups }, inChannels, outChannels }) {
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

export const convCalls = {
  conv2d: (r) => {
    const g = geometryOf(r, false);
    const bias = orNull(r, f32(g.outChannels));
    return [f32(g.outputs), f32(g.inputs), f32(g.weights), bias, g.geometry];
  },
  packConv2d: (r) => {
    const g = geometryOf(r, false);
    const [format, packed] = r.pick(weightFormats(g));
    return [f32(packed), f32(g.weights), g.geometry, ...numbers(format)];
  },
  conv2dPacked: (r) => {
    const g = geometryOf(r, false);
    const [format, packed] = r.pick(weightFormats(g));
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
};
