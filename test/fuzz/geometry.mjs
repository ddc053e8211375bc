// Geometries of convolutions and poolings.
import { copied } from './arguments.mjs';

export function geometryOf(random, pooling) {
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
    axes: { h, w, batch, groups },
  };
}
