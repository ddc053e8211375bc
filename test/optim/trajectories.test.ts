import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { mul, square, stack, sum, tensor } from '../../src/ops/index.js';
import * as optim from '../../src/optim/index.js';
import type { DType } from '../../src/tensor/dtype.js';
import { inLayout, type Tensor } from '../../src/tensor/tensor.js';
import { withBackend } from '../support/backends.js';
import { expectClose, expectSame, type Tolerance } from '../support/close.js';
import { fixture as sparse } from '../support/embeddings.js';

type Options = Record<string, unknown>;

interface Case {
  readonly optimizer: string;
  /** Of all parameters, or of a group for each. */
  readonly options: Options | readonly Options[];
  /** Values of each parameter after each step. */
  readonly trajectory: readonly (readonly number[])[][];
}

interface Fixture {
  readonly shapes: readonly (readonly number[])[];
  /** The second parameter has no gradient then. */
  readonly skippedStep: number;
  readonly start: readonly (readonly number[])[];
  readonly gradients: readonly (readonly (readonly number[])[])[];
  readonly cases: readonly Case[];
}

const path = new URL('../fixtures/optim.json', import.meta.url);
const { shapes, skippedStep, start, gradients, cases } = JSON.parse(
  readFileSync(path, 'utf8'),
) as Fixture;

type Make = new (params: unknown, options?: object) => optim.Optimizer;

function isList(options: Case['options']): options is readonly Options[] {
  return Array.isArray(options);
}

function startingPoint(dtype: DType = 'float32'): Tensor[] {
  return start.map((values, i) =>
    tensor([...values], { shape: shapes[i] ?? [], dtype, requiresGrad: true }),
  );
}

function optimizerOf({ optimizer, options }: Case, params: readonly Tensor[]): optim.Optimizer {
  const Optimizer = Reflect.get(optim, optimizer) as Make;
  if (!isList(options)) return new Optimizer(params, options);
  return new Optimizer(params.map((param, i) => ({ params: [param], ...options[i] })));
}

function giveGradients(params: readonly Tensor[], step: number): void {
  for (const [i, param] of params.entries()) {
    const values = gradients[step]?.[i] ?? [];
    const isSkipped = i === 1 && step === skippedStep;
    const { shape, dtype } = param;
    param.grad = isSkipped ? null : tensor([...values], { shape, dtype });
  }
}

function followTrajectory(spec: Case, dtype: DType, tolerance: Tolerance): void {
  const params = startingPoint(dtype);
  const optimizer = optimizerOf(spec, params);
  for (const [step, expected] of spec.trajectory.entries()) {
    giveGradients(params, step);
    optimizer.step();
    for (const [i, param] of params.entries()) {
      const what = `parameter ${i} after step ${step + 1}`;
      expectClose(param.dataSync(), expected[i] ?? [], tolerance, what);
    }
  }
}

describe.each(cases)('$optimizer $options', (spec) => {
  test("follows PyTorch's trajectory", () => {
    followTrajectory(spec, 'float32', { rtol: 1e-5, atol: 1e-6 });
  });

  test('and closely so in float64', () => {
    withBackend('ts', () => followTrajectory(spec, 'float64', { rtol: 1e-7, atol: 1e-8 }));
  });

  test('goes on from a saved state bit for bit', () => {
    const straight = startingPoint();
    const broken = startingPoint();
    const whole = optimizerOf(spec, straight);
    const first = optimizerOf(spec, broken);
    for (let step = 0; step < 5; step++) {
      giveGradients(straight, step);
      whole.step();
      giveGradients(broken, step);
      first.step();
    }
    const { tensors, ...rest } = first.stateDict();
    const second = optimizerOf(spec, broken);
    second.loadStateDict({ ...JSON.parse(JSON.stringify(rest)), tensors });
    for (let step = 5; step < spec.trajectory.length; step++) {
      giveGradients(straight, step);
      whole.step();
      giveGradients(broken, step);
      second.step();
    }
    for (const [i, param] of straight.entries()) expectSame(broken[i] ?? [], param);
  });
});

test('every optimiser that is exported is compared with PyTorch', () => {
  const compared = new Set([...cases, ...sparse.optimizers].map(({ optimizer }) => optimizer));
  const exported = Object.entries(optim).flatMap(([name, value]) =>
    value.prototype instanceof optim.Optimizer ? [name] : [],
  );
  expect(exported.filter((name) => !compared.has(name))).toEqual([]);
});

test('gradients of several backward passes add up: a step of a large batch, in pieces', () => {
  const [whole, pieces] = [0, 1].map(() => tensor([1, -2], { requiresGrad: true }));
  if (!whole || !pieces) throw new Error('two parameters');
  const batch = [tensor([3, 1]), tensor([-1, 2])];
  const lossOf = (p: Tensor, x: Tensor): Tensor => sum(square(mul(p, x)));
  const optimizers = [whole, pieces].map((p) => new optim.Adam([p], { lr: 0.1 }));
  for (let step = 0; step < 3; step++) {
    for (const optimizer of optimizers) optimizer.zeroGrad();
    backward(lossOf(whole, stack(batch)));
    for (const x of batch) backward(lossOf(pieces, x));
    for (const optimizer of optimizers) optimizer.step();
  }
  expectClose(pieces, whole, { rtol: 1e-6 });
});

test('a gradient may be stored in another layout than its parameter', () => {
  const values = Float32Array.from({ length: 24 }, (_, i) => i / 7);
  const shape = [2, 3, 2, 2];
  const [plain, image] = [0, 1].map(() =>
    tensor(new Float32Array(24).fill(1), { shape, requiresGrad: true }),
  );
  if (!plain || !image) throw new Error('two parameters');
  plain.grad = tensor(values, { shape });
  image.grad = inLayout(tensor(values, { shape }), 'channelsLast');
  for (const param of [plain, image]) new optim.SGD([param], { lr: 0.5, momentum: 0.9 }).step();
  expectSame(image, plain);
  expect(image.grad.isDisposed).toBe(false);
});
