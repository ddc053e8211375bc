import { describe, expect, it } from 'vitest';
import { backend } from '../../src/backend/select.js';
import { clone, exp, mul, relu, square, tensor } from '../../src/ops/index.js';
import { defineOp } from '../../src/ops/kit/define.js';
import { record } from '../../src/tape/record.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { gradcheck, gradgradcheck } from './gradcheck.js';

const inputs = () => [
  tensor([[0.3, -1.2, 2]], { dtype: 'float64', requiresGrad: true }),
  tensor([0.7, 0.4, -0.9], { dtype: 'float64', requiresGrad: true }),
];
const first = ([x]: readonly Tensor[]): Tensor => x ?? tensor(0);

/** The identity with a gradient that is off by a factor. */
function misjudged(factor: (g: Tensor, x: Tensor) => Tensor): (x: Tensor) => Tensor {
  const op = defineOp<{ x: Tensor }>('misjudged', (g, { saved }) => [factor(g, saved.x)]);
  return (x) => record(op, clone(x), [x], { x });
}

describe('gradcheck', () => {
  it('passes right gradients, and leaves the backend as it was', () => {
    const present = backend().name;
    gradcheck(([a, b]) => (a && b ? [mul(square(a), b), exp(b)] : []), inputs);
    gradgradcheck(([a, b]) => (a && b ? [mul(square(a), b), exp(b)] : []), inputs);
    expect(backend().name).toBe(present);
  });

  it('finds a wrong gradient, and says where', () => {
    const wrong = misjudged((g) => mul(g, 1.001));
    expect(() => gradcheck((all) => wrong(first(all)), inputs)).toThrow(
      /gradient of input 0 \[1, 3\].*3 of 3 elements are off; the worst is .* expected /,
    );
  });

  it('finds a gradient that is missing', () => {
    expect(() => gradcheck((all) => mul(first(all), first(all).detach()), inputs)).toThrow(
      /are off/,
    );
  });

  it('finds a wrong gradient of a gradient', () => {
    // d/dx x²/2 is x; cut from the graph it is right once, and wrong twice.
    const op = defineOp<{ x: Tensor }>('halfSquare', (g, { saved }) => [mul(g, saved.x.detach())]);
    const halfSquare = (x: Tensor) => record(op, clone(mul(square(x), 0.5)), [x], { x });
    gradcheck((all) => halfSquare(first(all)), inputs);
    expect(() => gradgradcheck((all) => halfSquare(first(all)), inputs)).toThrow(/slope along/);
  });

  it('asks for float64', () => {
    const single = () => [tensor([1], { requiresGrad: true })];
    expect(() => gradcheck((all) => relu(first(all)), single)).toThrow(
      'is float32, expected float64',
    );
  });
});
