import type { MomentumStep, Packed } from './geometry.js';
import type { UpdateRule } from './opCodes.js';
import type { FloatArray, IndexArray } from './types.js';

/**
 * Gradients of all parameters at once, sizes[i] elements of grads[i], and optimiser steps: one call updates all
 * parameters of a group in place. See index.ts for the conventions, and {@link IndexingKernels} for gradients of rows.
 */
export interface OptimKernels {
  /**
   * norms[i] = (Σ |grads[i]|^normType)^(1/normType), the largest magnitude for infinity; total: [1], the norm of
   * all of them together. Sums are float64. NaN gives NaN.
   */
  gradNorms(
    total: FloatArray,
    norms: FloatArray,
    grads: FloatArray[],
    sizes: IndexArray,
    normType: number,
  ): void;
  /** In place: grads *= maxNorm / (total + 1e-6) where that is below 1 (or NaN). total: [1]. */
  clipGradNorm(grads: FloatArray[], total: FloatArray, sizes: IndexArray, maxNorm: number): void;
  /** In place: grads to [−clipValue, clipValue]. NaN stays. */
  clipGradValue(grads: FloatArray[], sizes: IndexArray, clipValue: number): void;
  /**
   * One update by a rule, see {@link UpdateRule}: sizes[i] elements of params[i] and grads[i], and of
   * states[k·sizes.length + i] for each state k of the rule. factors has the rule's numbers of each tensor in turn,
   * scalars `sign, l2, l1, shrink` and the rule's own.
   */
  optimizerStep(
    params: FloatArray[],
    states: FloatArray[],
    grads: FloatArray[],
    factors: Float64Array,
    scalars: Float64Array,
    sizes: IndexArray,
    rule: UpdateRule,
  ): void;
  /**
   * optimizerStep of one parameter [limit, inner] and its states, at the rows of a gradient: values: [count, inner],
   * rows: [count]. All other rows stay as they are.
   */
  optimizerStepRows(
    param: FloatArray,
    states: FloatArray[],
    values: FloatArray,
    rows: IndexArray,
    factors: Float64Array,
    scalars: Float64Array,
    count: number,
    inner: number,
    limit: number,
    rule: UpdateRule,
  ): void;
  /**
   * A step with momentum by a gradient of rows: m = keep·m + add·g, p −= lr·(own·g + ahead·m), where g is 0 in all
   * rows but those. Touches only rows that have had a gradient: seen: [1 + 2·limit] knows them, and is this kernel's
   * own. find = 1 has it looked up which rows of momentum are not zero, as seen is new.
   */
  momentumStepRows(
    param: FloatArray,
    momentum: FloatArray,
    seen: IndexArray,
    values: FloatArray,
    rows: IndexArray,
    count: number,
    inner: number,
    limit: number,
    step: Packed<MomentumStep>,
    find: number,
  ): void;
}
