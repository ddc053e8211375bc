import type { Averaging, Geometry, Packed, Upsampling } from './geometry.js';
import type { UpsampleMode } from './opCodes.js';
import type { FloatArray, IndexArray } from './types.js';

/** Pooling and resizing of images [N, H, W, C]. See index.ts for the conventions. */
export interface PoolKernels {
  /**
   * Largest element of each window; index receives its position h·W + w within the input plane (the first
   * of equals in row-major order; a NaN wins), −1 where a window covers padding only (out = −∞).
   */
  maxPool2d(out: FloatArray, index: IndexArray, x: FloatArray, geometry: Geometry): void;
  /** dx = Σ dy over the windows that chose the element. Fills dx. */
  maxPool2dGrad(dx: FloatArray, dy: FloatArray, index: IndexArray, geometry: Geometry): void;
  /** out[n, p, q, c] = x[n, index, c] of maxPool2d's index, 0 where it is −1: maxPool2dGrad's own gradient. */
  maxPool2dGather(out: FloatArray, x: FloatArray, index: IndexArray, geometry: Geometry): void;
  /**
   * out[n, index, c] = x[n, k, c] with x and index: [batch, count, channels] and out: [batch, pixels, channels], 0
   * elsewhere; the last of those that name one place wins. Fills out.
   */
  maxUnpool2d(
    out: FloatArray,
    x: FloatArray,
    index: IndexArray,
    batch: number,
    pixels: number,
    channels: number,
    count: number,
  ): void;
  /**
   * Window means: sums over `divisor` unless that is 0; else, with countPadding = 1, over the window's size within the
   * padded input; else over the elements inside the input.
   */
  avgPool2d(out: FloatArray, x: FloatArray, geometry: Geometry, averaging: Packed<Averaging>): void;
  avgPool2dGrad(
    dx: FloatArray,
    dy: FloatArray,
    geometry: Geometry,
    averaging: Packed<Averaging>,
  ): void;
  /**
   * x at the positions of a grid, of the sizes that {@link Upsampling} has. Along each axis, nearest takes the position ⌊p·scale⌋ and nearestExact ⌊(p + ½)·scale⌋, computed in float32. The
   * others mix the positions around s: two for linear, four for cubic, with Keys's weights of a = −¾;
   * s = (p + ½)·scale − ½, at least 0 for linear, and p·scale for linearCorners and cubicCorners. What lies beyond
   * the edge is the edge's. Sizes are ≥ 1.
   */
  upsample2d(
    out: FloatArray,
    x: FloatArray,
    upsampling: Packed<Upsampling>,
    mode: UpsampleMode,
  ): void;
  /** Gradient of upsample2d's x. Fills dx. */
  upsample2dGrad(
    dx: FloatArray,
    dy: FloatArray,
    upsampling: Packed<Upsampling>,
    mode: UpsampleMode,
  ): void;
}
