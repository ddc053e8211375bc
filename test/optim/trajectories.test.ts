import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { tensor } from '../../src/ops/creation.js';
import {
  Adam,
  type AdamOptions,
  AdamW,
  type Optimizer,
  SGD,
  type SGDOptions,
} from '../../src/optim/index.js';
import { inLayout, type Tensor } from '../../src/tensor/tensor.js';
import { expectClose, expectSame } from '../support/close.js';

type Options = Partial<SGDOptions & AdamOptions>;

interface Case {
  readonly optimizer: 'SGD' | 'Adam' | 'AdamW';
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

const CLASSES = { SGD, Adam, AdamW };

function isList(options: Case['options']): options is readonly Options[] {
  return Array.isArray(options);
}

function startingPoint(): Tensor[] {
  return start.map((values, i) =>
    tensor([...values], { shape: shapes[i] ?? [], requiresGrad: true }),
  );
}

function optimizerOf({ optimizer, options }: Case, params: readonly Tensor[]): Optimizer {
  if (!isList(options)) return new CLASSES[optimizer](params, options);
  return new CLASSES[optimizer](params.map((param, i) => ({ params: [param], ...options[i] })));
}

function giveGradients(params: readonly Tensor[], step: number): void {
  for (const [i, param] of params.entries()) {
    const values = gradients[step]?.[i] ?? [];
    const isSkipped = i === 1 && step === skippedStep;
    param.grad = isSkipped ? null : tensor([...values], { shape: param.shape });
  }
}

describe.each(cases)('$optimizer $options', (spec) => {
  test("follows PyTorch's trajectory", () => {
    const params = startingPoint();
    const optimizer = optimizerOf(spec, params);
    for (const [step, expected] of spec.trajectory.entries()) {
      giveGradients(params, step);
      optimizer.step();
      for (const [i, param] of params.entries()) {
        expectClose(
          param,
          tensor([...(expected[i] ?? [])], { shape: param.shape }),
          {
            rtol: 2e-5,
            atol: 1e-6,
          },
          `parameter ${i} after step ${step + 1}`,
        );
      }
    }
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

test('a gradient may be stored in another layout than its parameter', () => {
  const values = Float32Array.from({ length: 24 }, (_, i) => i / 7);
  const shape = [2, 3, 2, 2];
  const [plain, image] = [0, 1].map(() =>
    tensor(new Float32Array(24).fill(1), { shape, requiresGrad: true }),
  );
  if (!plain || !image) throw new Error('two parameters');
  plain.grad = tensor(values, { shape });
  image.grad = inLayout(tensor(values, { shape }), 'channelsLast');
  for (const param of [plain, image]) new SGD([param], { lr: 0.5, momentum: 0.9 }).step();
  expectSame(image, plain);
  expect(image.grad.isDisposed).toBe(false);
});
