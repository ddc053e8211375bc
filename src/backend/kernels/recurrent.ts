import type { PackedSequences } from './geometry.js';
import type { FloatArray } from './types.js';

/**
 * Recurrent layers: a whole sequence of one layer and direction. See index.ts for the conventions.
 *
 * N = Σ sizes rows, see {@link Sequences}; batch = sizes[0]; outputs = hidden, unless a kernel has a projection.
 * h0 and c0, or null for zeros, are the states before the first step; hn and cn receive those after the last, each
 * sequence's own. weight is PyTorch's weight_hh, bias its bias_hh or null; the input's part, x·weight_ihᵀ + bias_ih,
 * is in the gates already.
 * Gradients: g of out, ghn of hn, gcn of cn, each or null for zero; dgates is the gradient of the input's part, of
 * which those of x, weight_ih and bias_ih follow by products, and dh0 and dc0 those of the start.
 */
export interface RecurrentKernels {
  /** h = tanh(out + W·h + b), or relu. out: [N, hidden] holds the input's part and is updated in place. */
  rnn(
    out: FloatArray,
    hn: FloatArray,
    h0: FloatArray | null,
    weight: FloatArray,
    bias: FloatArray | null,
    sequences: PackedSequences,
    relu: number,
  ): void;
  /** dgates: [N, hidden]. */
  rnnGrad(
    dgates: FloatArray,
    dh0: FloatArray,
    g: FloatArray | null,
    ghn: FloatArray | null,
    out: FloatArray,
    weight: FloatArray,
    sequences: PackedSequences,
    relu: number,
  ): void;
  /**
   * LSTM (Hochreiter and Schmidhuber 1997): [i, f, g, o] = [σ, σ, tanh, σ](gates + W·h + b), c = f·c + i·g,
   * h = o·tanh c; with a projection [outputs, hidden] (Sak et al. 2014), h = projection·(o·tanh c), else it is
   * null and outputs = hidden. gates: [N, 4·hidden] is updated in place; cells: [N, hidden] receives each c;
   * out and hn have `outputs` columns, and weight is [4·hidden, outputs].
   */
  lstm(
    out: FloatArray,
    hn: FloatArray,
    cn: FloatArray,
    cells: FloatArray,
    gates: FloatArray,
    h0: FloatArray | null,
    c0: FloatArray | null,
    weight: FloatArray,
    bias: FloatArray | null,
    projection: FloatArray | null,
    sequences: PackedSequences,
  ): void;
  /**
   * dgates: [N, 4·hidden]. For the projection's gradient, dh: [N, outputs] receives that of every h and inner:
   * [N, hidden] every o·tanh c; without projection they are not touched.
   */
  lstmGrad(
    dgates: FloatArray,
    dh0: FloatArray,
    dc0: FloatArray,
    dh: FloatArray,
    inner: FloatArray,
    g: FloatArray | null,
    ghn: FloatArray | null,
    gcn: FloatArray | null,
    gates: FloatArray,
    cells: FloatArray,
    c0: FloatArray | null,
    weight: FloatArray,
    projection: FloatArray | null,
    sequences: PackedSequences,
  ): void;
  /**
   * GRU (Cho et al. 2014, as PyTorch and cuDNN have it): [r, z] = σ(gates + W·h + b), the candidate's inner part
   * u = W·h + b, n = tanh(gates + r·u), h = (1 − z)·n + z·h. gates: [N, 3·hidden] is updated in place to
   * [r, z, n]; candidate: [N, hidden] receives each u.
   */
  gru(
    out: FloatArray,
    hn: FloatArray,
    candidate: FloatArray,
    gates: FloatArray,
    h0: FloatArray | null,
    weight: FloatArray,
    bias: FloatArray | null,
    sequences: PackedSequences,
  ): void;
  /** dgates and dinner: [N, 3·hidden]; dinner is the gradient of W·h + b, which differs in the n part. */
  gruGrad(
    dgates: FloatArray,
    dinner: FloatArray,
    dh0: FloatArray,
    g: FloatArray | null,
    ghn: FloatArray | null,
    out: FloatArray,
    gates: FloatArray,
    candidate: FloatArray,
    h0: FloatArray | null,
    weight: FloatArray,
    sequences: PackedSequences,
  ): void;
}
