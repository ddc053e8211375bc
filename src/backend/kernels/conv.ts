import type { Geometry } from './geometry.js';
import type { FloatArray } from './types.js';

/** Convolutions of images [N, H, W, C]. See index.ts for the conventions. */
export interface ConvKernels {
  /**
   * out[n, p, q, k] = bias[k] + Σ x[n, p·stride − pad + r·dilation, …, c]·w[k, c, r, s]; w is
   * [K, C/groups, R, S] as PyTorch stores it; bias may be null.
   */
  conv2d(
    out: FloatArray,
    x: FloatArray,
    w: FloatArray,
    bias: FloatArray | null,
    geometry: Geometry,
  ): void;
  /**
   * Weights prepared for {@link ConvKernels.conv2dPacked}, in a format and of a size that Backend.prepareConv says.
   * Depends on the channels, kernel and groups of the geometry only.
   */
  packConv2d(packed: FloatArray, w: FloatArray, geometry: Geometry, format: number): void;
  /** conv2d with prepared weights: f(conv + bias + add), f = max(0, ·) when relu = 1; add is laid out as out, or null. */
  conv2dPacked(
    out: FloatArray,
    x: FloatArray,
    packed: FloatArray,
    bias: FloatArray | null,
    add: FloatArray | null,
    geometry: Geometry,
    format: number,
    relu: number,
  ): void;
  /** Gradient of the input; also the transposed convolution's forward. bias, or null, is [inChannels], added to dx. */
  conv2dInputGrad(
    dx: FloatArray,
    dy: FloatArray,
    w: FloatArray,
    bias: FloatArray | null,
    geometry: Geometry,
  ): void;
  /** Gradient of the weight, in its [K, C/groups, R, S] layout. */
  conv2dWeightGrad(dw: FloatArray, dy: FloatArray, x: FloatArray, geometry: Geometry): void;
}
