import { type FloatArray, type Kernels, readGrouping } from '../../kernels/index.js';
import { Scratch } from '../kit/scratch.js';

const memory = new Scratch();

/**
 * Calls visit(i, c) for the elements of one group of one sample: at i in memory, of channel c.
 * @param start of the sample
 */
function forGroup(
  start: number,
  spatial: number,
  channels: number,
  first: number,
  width: number,
  visit: (i: number, c: number) => void,
): void {
  for (let s = 0; s < spatial; s++) {
    for (let c = first; c < first + width; c++) visit(start + s * channels + c, c);
  }
}

function orElse(values: FloatArray | null, i: number, otherwise: number): number {
  return values === null ? otherwise : (values[i] as number);
}

export const groupNorm: Kernels['groupNorm'] = (
  out,
  mean,
  rstd,
  x,
  weight,
  bias,
  grouping,
  eps,
) => {
  const { batch, spatial, channels, groups } = readGrouping(grouping);
  const width = channels / groups;
  const count = spatial * width;
  for (let unit = 0; unit < batch * groups; unit++) {
    const start = Math.floor(unit / groups) * spatial * channels;
    const first = (unit % groups) * width;
    const each = (visit: (i: number, c: number) => void): void =>
      forGroup(start, spatial, channels, first, width, visit);
    let sum = 0;
    each((i) => {
      sum += x[i] as number;
    });
    const center = sum / count;
    let squares = 0;
    each((i) => {
      squares += ((x[i] as number) - center) ** 2;
    });
    const inverse = 1 / Math.sqrt(squares / count + eps);
    mean[unit] = center;
    rstd[unit] = inverse;
    each((i, c) => {
      out[i] = ((x[i] as number) - center) * inverse * orElse(weight, c, 1) + orElse(bias, c, 0);
    });
  }
};

export const groupNormGrad: Kernels['groupNormGrad'] = (
  dx,
  dweight,
  dbias,
  g,
  x,
  mean,
  rstd,
  weight,
  grouping,
) => {
  const { batch, spatial, channels, groups } = readGrouping(grouping);
  const width = channels / groups;
  const count = spatial * width;
  const sums = memory.float64(2 * channels).fill(0, 0, 2 * channels);
  for (let unit = 0; unit < batch * groups; unit++) {
    const start = Math.floor(unit / groups) * spatial * channels;
    const first = (unit % groups) * width;
    const each = (visit: (i: number, c: number) => void): void =>
      forGroup(start, spatial, channels, first, width, visit);
    const [center, inverse] = [mean[unit] as number, rstd[unit] as number];
    let total = 0;
    let product = 0;
    each((i, c) => {
      const d = g[i] as number;
      const normalized = ((x[i] as number) - center) * inverse;
      sums[c] = (sums[c] as number) + d * normalized;
      sums[channels + c] = (sums[channels + c] as number) + d;
      const weighted = d * orElse(weight, c, 1);
      total += weighted;
      product += weighted * normalized;
    });
    each((i, c) => {
      const normalized = ((x[i] as number) - center) * inverse;
      const own = (g[i] as number) * orElse(weight, c, 1);
      dx[i] = inverse * (own - total / count - (normalized * product) / count);
    });
  }
  for (let c = 0; c < channels; c++) {
    dweight[c] = sums[c] as number;
    dbias[c] = sums[channels + c] as number;
  }
};
