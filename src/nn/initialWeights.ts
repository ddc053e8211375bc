import type { Tensor } from '../tensor/tensor.js';
import { fanInAndFanOut, kaimingUniform, uniform } from './init.js';

/** PyTorch's start of linear and convolution layers: both uniform on ±1/√fanIn. */
export function resetWeightAndBias(weight: Tensor, bias: Tensor | null): void {
  kaimingUniform(weight, { slope: Math.sqrt(5) });
  if (bias === null) return;
  const bound = 1 / Math.sqrt(fanInAndFanOut(weight).fanIn);
  uniform(bias, { low: -bound, high: bound });
}
