import { ShapeError } from '../errors.js';
import { record } from '../tape/record.js';
import { dim, formatShape, sameShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { sum } from './broadcast.js';
import { composite } from './kit/composite.js';
import { checkFloat, checkSameDType, defineOp } from './kit/define.js';
import { multiply, product } from './matmul.js';
import { reshape } from './view.js';

const linearOp = defineOp<{ x: Tensor; weight: Tensor }>('linear', (g, { saved, needs }) => {
  const { x, weight } = saved;
  return [
    needs(0) ? multiply(g, weight, false, false) : null,
    needs(1) ? multiply(g, x, true, false) : null,
    needs(2) ? sum(g, 0) : null,
  ];
});

/**
 * x·weightᵀ + bias, one kernel.
 * @param x [..., in]
 * @param weight [out, in], as PyTorch keeps it
 * @param bias [out]
 * @returns [..., out]
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor | null): Tensor {
  checkFloat(x, 'linear');
  checkFloat(weight, 'linear', 'weight');
  checkSameDType('linear', x, weight, ...(bias ? [bias] : []));
  if (weight.rank !== 2)
    throw new ShapeError(`linear: weight ${formatShape(weight.shape)}, expected [out, in]`);
  const outFeatures = dim(weight.shape, 0);
  const inFeatures = dim(weight.shape, 1);
  if (x.rank === 0 || dim(x.shape, x.rank - 1) !== inFeatures) {
    throw new ShapeError(
      `linear: input ${formatShape(x.shape)} with weight ${formatShape(weight.shape)} expects [..., ${inFeatures}]`,
    );
  }
  if (bias && !sameShape(bias.shape, [outFeatures])) {
    throw new ShapeError(`linear: bias ${formatShape(bias.shape)}, expected [${outFeatures}]`);
  }
  if (x.rank === 2) return affineRows(x, weight, bias ?? null);
  return composite(() => {
    const rows = reshape(x, [sizeOf(x.shape.slice(0, -1)), inFeatures]);
    const y = affineRows(rows, weight, bias ?? null);
    return reshape(y, [...x.shape.slice(0, -1), outFeatures]);
  });
}

/** x·weightᵀ + bias of rows [m, in]. */
function affineRows(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  const [m, n, k] = [dim(x.shape, 0), dim(weight.shape, 0), dim(weight.shape, 1)];
  const y = product(x, weight, bias, [m, n], { m, n, k, transA: false, transB: true, batch: [] });
  return record(linearOp, y, [x, weight, bias], { x, weight });
}
