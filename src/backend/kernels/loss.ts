import type { FloatArray, IndexArray } from './types.js';

/** Softmax and losses. See index.ts for the conventions. */
export interface LossKernels {
  /** Softmax (log = 0) or log-softmax (log = 1) along axis of [outer, axis, inner], shifted by the maximum. */
  softmax(
    out: FloatArray,
    x: FloatArray,
    outer: number,
    axis: number,
    inner: number,
    log: number,
  ): void;
  /** Gradient from g and y, the forward's result: y·(g − Σ g·y), or g − e^y·Σ g when log = 1. */
  softmaxGrad(
    dx: FloatArray,
    g: FloatArray,
    y: FloatArray,
    outer: number,
    axis: number,
    inner: number,
    log: number,
  ): void;
  /**
   * Cross-entropy from logits with class indices, per row: x: [rows, classes]; target: [rows];
   * weight: [classes] or null. logProb receives log-softmax(x). With smoothing ε, PyTorch's formula:
   * loss = (1 − ε)·w[t]·(−logProb[t]) + ε/classes·Σ w[c]·(−logProb[c]). rowWeight = w[t]. Rows whose target
   * is ignoreIndex have loss 0 and rowWeight 0; other targets outside [0, classes) are a fault.
   */
  crossEntropy(
    loss: FloatArray,
    rowWeight: FloatArray,
    logProb: FloatArray,
    x: FloatArray,
    target: IndexArray,
    weight: FloatArray | null,
    rows: number,
    classes: number,
    ignoreIndex: number,
    smoothing: number,
  ): void;
  /** dx = g[row]·∂loss[row]/∂x; g: [rows]. */
  crossEntropyGrad(
    dx: FloatArray,
    g: FloatArray,
    logProb: FloatArray,
    target: IndexArray,
    weight: FloatArray | null,
    rows: number,
    classes: number,
    ignoreIndex: number,
    smoothing: number,
  ): void;
  /**
   * Binary cross-entropy from logits, elementwise, stable: (1 − t)·x + (1 + (w − 1)·t)·(log1p(e^−|x|) + max(−x, 0)).
   * posWeight is [inner] (w = posWeight[i mod inner]) or null (w = 1).
   */
  bceWithLogits(
    loss: FloatArray,
    x: FloatArray,
    target: FloatArray,
    posWeight: FloatArray | null,
    n: number,
    inner: number,
  ): void;
  /** dx = g·∂loss/∂x. */
  bceWithLogitsGrad(
    dx: FloatArray,
    g: FloatArray,
    x: FloatArray,
    target: FloatArray,
    posWeight: FloatArray | null,
    n: number,
    inner: number,
  ): void;
}
