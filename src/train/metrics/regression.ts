import { ShapeError } from '../../errors.js';
import { abs, square, sub } from '../../ops/elementwise.js';
import { stack } from '../../ops/join.js';
import { mean, sum } from '../../ops/reduce.js';
import { reshape } from '../../ops/view.js';
import type { Goal } from '../../optim/goal.js';
import { formatShape, sameShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type Measurement, Metric } from './metric.js';

/** output − target; shapes may differ by axes of size 1 only, so that nothing is broadcast by mistake. */
function errors(op: string, output: Tensor, target: Tensor): Tensor {
  if (sameShape(output.shape, target.shape)) return sub(output, target);
  const wide = (shape: readonly number[]): number[] => shape.filter((size) => size !== 1);
  if (!sameShape(wide(output.shape), wide(target.shape))) {
    throw new ShapeError(
      `${op}: output ${formatShape(output.shape)} does not fit target ${formatShape(target.shape)}`,
    );
  }
  return sub(output, reshape(target, output.shape));
}

/** A mean over all elements. */
abstract class ElementMean extends Metric {
  readonly goal: Goal = 'min';

  protected override get width(): number {
    return 1;
  }

  protected abstract cost(error: Tensor): Tensor;

  protected override measure(output: Tensor, target: Tensor): Measurement {
    const error = errors(this.constructor.name, output, target);
    return { statistics: sum(this.cost(error)), count: error.size };
  }

  get value(): number {
    return (this.sums[0] ?? 0) / this.count;
  }
}

/** Mean absolute error over all elements. */
export class MAE extends ElementMean {
  protected override cost(error: Tensor): Tensor {
    return abs(error);
  }
}

/** Mean squared error over all elements. */
export class MSE extends ElementMean {
  protected override cost(error: Tensor): Tensor {
    return square(error);
  }
}

/**
 * Coefficient of determination, 1 − Σ(y − ŷ)² / Σ(y − ȳ)²: 1 is perfect, 0 no better than the mean of the targets.
 * Over all elements as one list. Batches are put together by Chan, Golub and LeVeque's formula (1979), so that a
 * large mean costs no digits. Of targets that are all equal it is 1 without an error, else 0, as in scikit-learn.
 */
export class R2 extends Metric {
  readonly goal: Goal = 'max';

  protected override get width(): number {
    return 3;
  }

  protected override measure(output: Tensor, target: Tensor): Measurement {
    const error = errors('R2', output, target);
    const centre = mean(target);
    const apart = sub(target, centre);
    const statistics = stack([sum(square(error)), centre, sum(apart), sum(square(apart))]);
    return { statistics, count: target.size };
  }

  protected override add(statistics: ArrayLike<number>, count: number): void {
    if (count === 0) return;
    const [squares = 0, near = 0, apart = 0, around = 0] = Array.from(statistics);
    const [squaresBefore = 0, centreBefore = 0, spreadBefore = 0] = this.sums;
    // The mean of the batch was rounded to float32: the sum of the differences from it tells by how much.
    const centre = near + apart / count;
    const spread = around - apart ** 2 / count;
    const total = this.count + count;
    const shift = centre - centreBefore;
    const sums = Float64Array.of(
      squaresBefore + squares,
      centreBefore + (shift * count) / total,
      spreadBefore + spread + (shift ** 2 * this.count * count) / total,
    );
    this.setSums(sums, total);
  }

  get value(): number {
    const [squares = Number.NaN, , spread = Number.NaN] = this.sums;
    if (spread === 0) return squares === 0 ? 1 : 0;
    return 1 - squares / spread;
  }
}
