import type { FloatArray, Kernels } from '../../kernels/index.js';
import { Scratch } from '../kit/scratch.js';

const memory = new Scratch();

/** out = (x − mean)·scale + bias + added for every row; scale is that of the channel. */
function apply(
  out: FloatArray,
  x: FloatArray,
  mean: FloatArray,
  scale: FloatArray,
  bias: FloatArray | null,
  added: FloatArray | null,
  rows: number,
  channels: number,
  relu: number,
): void {
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < channels; c++, i++) {
      const centered = (x[i] as number) - (mean[c] as number);
      const y = centered * (scale[c] as number) + (bias === null ? 0 : (bias[c] as number));
      const sum = added === null ? y : y + (added[i] as number);
      out[i] = relu === 1 ? Math.max(0, sum) : sum;
    }
  }
}

export const batchNorm: Kernels['batchNorm'] = (
  out,
  mean,
  rstd,
  runningMean,
  runningVar,
  x,
  weight,
  bias,
  added,
  rows,
  channels,
  momentum,
  eps,
  relu,
) => {
  const work = memory.float64(2 * channels).fill(0, 0, 2 * channels);
  const [means, squares] = [work.subarray(0, channels), work.subarray(channels)];
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < channels; c++, i++) means[c] = (means[c] as number) + (x[i] as number);
  }
  for (let c = 0; c < channels; c++) means[c] = (means[c] as number) / rows;
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < channels; c++, i++) {
      const d = (x[i] as number) - (means[c] as number);
      squares[c] = (squares[c] as number) + d * d;
    }
  }
  const moved = (from: number, to: number): number =>
    momentum === 1 ? to : (1 - momentum) * from + momentum * to;
  for (let c = 0; c < channels; c++) {
    const [center, total] = [means[c] as number, squares[c] as number];
    const inverse = 1 / Math.sqrt(total / rows + eps);
    mean[c] = center;
    rstd[c] = inverse;
    runningMean[c] = moved(runningMean[c] as number, center);
    runningVar[c] = moved(runningVar[c] as number, total / (rows - 1));
    squares[c] = inverse * (weight === null ? 1 : (weight[c] as number));
  }
  apply(out, x, means, squares, bias, added, rows, channels, relu);
};

export const batchNormInference: Kernels['batchNormInference'] = (
  out,
  x,
  mean,
  variance,
  weight,
  bias,
  added,
  rows,
  channels,
  eps,
  relu,
) => {
  const scale = memory.float64(channels);
  for (let c = 0; c < channels; c++) {
    scale[c] =
      (weight === null ? 1 : (weight[c] as number)) / Math.sqrt((variance[c] as number) + eps);
  }
  apply(out, x, mean, scale, bias, added, rows, channels, relu);
};

export const batchNormGrad: Kernels['batchNormGrad'] = (
  dx,
  dweight,
  dbias,
  dadded,
  g,
  x,
  y,
  mean,
  rstd,
  weight,
  rows,
  channels,
  training,
) => {
  const work = memory.float64(2 * channels).fill(0, 0, 2 * channels);
  const [sums, products] = [work.subarray(0, channels), work.subarray(channels)];
  const gradientAt = (i: number): number =>
    y !== null && (y[i] as number) <= 0 ? 0 : (g[i] as number);
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < channels; c++, i++) {
      const d = gradientAt(i);
      sums[c] = (sums[c] as number) + d;
      products[c] = (products[c] as number) + d * ((x[i] as number) - (mean[c] as number));
    }
  }
  for (let c = 0; c < channels; c++) {
    const inverse = rstd[c] as number;
    dbias[c] = sums[c] as number;
    dweight[c] = (products[c] as number) * inverse;
    // Now what each element has of the sums in its own gradient.
    sums[c] = (sums[c] as number) / rows;
    products[c] = ((products[c] as number) * inverse * inverse) / rows;
  }
  for (let r = 0, i = 0; r < rows; r++) {
    for (let c = 0; c < channels; c++, i++) {
      const scale = (rstd[c] as number) * (weight === null ? 1 : (weight[c] as number));
      const centered = (x[i] as number) - (mean[c] as number);
      const own = gradientAt(i);
      // Fixed statistics have no part in it, not even of an infinite x.
      const rest = training === 1 ? (sums[c] as number) + centered * (products[c] as number) : 0;
      dx[i] = scale * (own - rest);
      if (dadded !== null) dadded[i] = own;
    }
  }
};
