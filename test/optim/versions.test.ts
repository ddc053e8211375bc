import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { mul, sum, tensor } from '../../src/ops/index.js';
import * as optim from '../../src/optim/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';

const parameter = (...values: number[]) => tensor(values, { requiresGrad: true });

/** Parameters with gradients, but for the last. */
function parametersWithGradients(): Tensor[] {
  const parameters = [parameter(1, 2), parameter(3), parameter(4)];
  for (const each of parameters.slice(0, 2)) backward(sum(mul(each, each)));
  return parameters;
}

const versions = (tensors: readonly Tensor[]) => tensors.map(({ storage }) => storage.version);
const gradients = (tensors: readonly Tensor[]) =>
  tensors.flatMap(({ grad }) => (grad === null ? [] : [grad]));

/** How far `change` raises the versions of some tensors. */
function raised(tensors: readonly Tensor[], change: () => unknown): number[] {
  const before = versions(tensors);
  change();
  return versions(tensors).map((version, i) => version - (before[i] ?? 0));
}

describe('the tape is told once of', () => {
  test.each([
    ['SGD', optim.SGD],
    ['Adam', optim.Adam],
  ])('a step of %s: of parameters with gradients only', (_, Optimizer) => {
    const parameters = parametersWithGradients();
    const optimizer = new Optimizer(parameters);
    expect(raised(parameters, () => optimizer.step())).toEqual([1, 1, 0]);
    expect(raised(gradients(parameters), () => optimizer.step())).toEqual([0, 0]);
  });

  test('clipping, not of measuring', () => {
    const parameters = parametersWithGradients();
    const grads = gradients(parameters);
    expect(raised(grads, () => optim.gradNorm(parameters))).toEqual([0, 0]);
    expect(raised(grads, () => optim.clipGradNorm(parameters, 1))).toEqual([1, 1]);
    expect(raised(grads, () => optim.clipGradValue(parameters, 1))).toEqual([1, 1]);
  });

  test('an update of averages, floats and integers alike', () => {
    const live = new Map([
      ['weight', parameter(1, 2)],
      ['count', tensor([3], { dtype: 'int32' })],
    ]);
    const ema = new optim.Ema({ stateDict: () => live });
    const averages = [...ema.stateDict().tensors.values()];
    expect(raised(averages, () => ema.update())).toEqual([1, 1]);
    expect(raised([...live.values()], () => ema.update())).toEqual([0, 0]);
  });
});

describe('the tape is told nothing of', () => {
  test('a step that fails before it changes anything', () => {
    const parameters = parametersWithGradients();
    const [first, second] = parameters;
    const optimizer = new optim.SGD(parameters);
    second?.dispose();
    const failing = () => expect(() => optimizer.step()).toThrow(/was used after/);
    expect(raised(first ? [first] : [], failing)).toEqual([0]);
  });

  test('an update of averages of a model that was disposed of', () => {
    const live = new Map([
      ['first', parameter(1, 2)],
      ['second', parameter(3)],
    ]);
    const ema = new optim.Ema({ stateDict: () => live });
    const averages = [...ema.stateDict().tensors.values()];
    live.get('second')?.dispose();
    expect(raised(averages, () => expect(() => ema.update()).toThrow(/was used after/))).toEqual([
      0, 0,
    ]);
  });
});
