import type { FloatArray, Kernels } from '../../kernels/index.js';
import { rowMajor } from './matrix.js';
import { multiplyAdd } from './multiply.js';

export const gemm: Kernels['gemm'] = (
  c,
  a,
  b,
  bias,
  m,
  n,
  k,
  transA,
  transB,
  accumulate,
  batch,
  strideC,
  strideA,
  strideB,
) => {
  for (let i = 0; i < batch; i++) {
    initialise(c, i * strideC, bias, m, n, accumulate);
    multiplyAdd(
      { data: c, offset: i * strideC, rowStride: n, columnStride: 1 },
      rowMajor(a, i * strideA, m, k, transA),
      rowMajor(b, i * strideB, k, n, transB),
      m,
      n,
      k,
    );
  }
};

/** c = bias (+ c), or zero where there is no bias. */
function initialise(
  c: FloatArray,
  offset: number,
  bias: FloatArray | null,
  m: number,
  n: number,
  accumulate: number,
): void {
  if (accumulate === 0) c.fill(0, offset, offset + m * n);
  if (bias === null) return;
  for (let i = 0; i < m; i++) {
    const row = offset + i * n;
    for (let j = 0; j < n; j++) c[row + j] = (c[row + j] as number) + (bias[j] as number);
  }
}
