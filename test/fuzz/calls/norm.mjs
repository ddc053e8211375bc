// Normalisation.
import { copied, f32, flag, numbers, orNull } from '../arguments.mjs';

/** Samples, positions, channels and groups of a normalisation. */
function groupSizes(random) {
  const groups = random.pick([1, 1, 2, 5]);
  const channels = groups * random.integer(1, 40);
  const [batch, spatial] = [random.integer(0, 5), random.pick([1, 3, 70])];
  const grouping = copied(Float64Array.of(batch, spatial, channels, groups));
  return { n: batch * spatial * channels, units: batch * groups, channels, grouping };
}

export const normCalls = {
  batchNorm: (r) => {
    const [rows, channels] = [r.integer(1, 70), r.integer(1, 90)];
    const n = rows * channels;
    const perChannel = () => f32(channels);
    const arrays = [f32(n), ...Array.from({ length: 4 }, perChannel), f32(n)];
    arrays.push(orNull(r, perChannel()), orNull(r, perChannel()), orNull(r, f32(n)));
    return [...arrays, ...numbers(rows, channels, r.pick([0.1, 1]), 1e-5), flag(r)];
  },
  batchNormInference: (r) => {
    const [rows, channels] = [r.integer(0, 70), r.integer(1, 90)];
    const n = rows * channels;
    const arrays = [f32(n), f32(n), f32(channels), f32(channels)];
    arrays.push(orNull(r, f32(channels)), orNull(r, f32(channels)), orNull(r, f32(n)));
    return [...arrays, ...numbers(rows, channels, 1e-5), flag(r)];
  },
  batchNormGrad: (r) => {
    const [rows, channels] = [r.integer(0, 70), r.integer(1, 90)];
    const n = rows * channels;
    const arrays = [f32(n), f32(channels), f32(channels), orNull(r, f32(n)), f32(n), f32(n)];
    arrays.push(orNull(r, f32(n)), f32(channels), f32(channels), orNull(r, f32(channels)));
    return [...arrays, ...numbers(rows, channels), flag(r)];
  },
  groupNorm: (r) => {
    const s = groupSizes(r);
    const arrays = [f32(s.n), f32(s.units), f32(s.units), f32(s.n)];
    arrays.push(orNull(r, f32(s.channels)), orNull(r, f32(s.channels)));
    return [...arrays, s.grouping, ...numbers(1e-5)];
  },
  groupNormGrad: (r) => {
    const s = groupSizes(r);
    const arrays = [f32(s.n), f32(s.channels), f32(s.channels), f32(s.n), f32(s.n)];
    arrays.push(f32(s.units), f32(s.units), orNull(r, f32(s.channels)));
    return [...arrays, s.grouping];
  },
};
