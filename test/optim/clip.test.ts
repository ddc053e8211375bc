import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { ArgumentError, AutogradError } from '../../src/errors.js';
import { ones, tensor } from '../../src/ops/creation.js';
import { mul } from '../../src/ops/elementwise.js';
import { sum } from '../../src/ops/reduce.js';
import { clipGradNorm, clipGradValue, gradNorm, gradNorms } from '../../src/optim/index.js';
import { inLayout, Tensor } from '../../src/tensor/tensor.js';
import { expectClose, expectSame } from '../support/close.js';
import { memoryInfo } from '../support/memory.js';

interface Fixture {
  readonly shapes: readonly (readonly number[])[];
  readonly gradients: readonly (readonly number[])[];
  readonly norms: readonly {
    readonly maxNorm: number;
    readonly normType: number | 'Infinity';
    readonly total: number;
    readonly each: readonly number[];
    readonly clipped: readonly (readonly number[])[];
  }[];
  readonly values: readonly {
    readonly clipValue: number;
    readonly clipped: readonly (readonly number[])[];
  }[];
}

const path = new URL('../fixtures/clip.json', import.meta.url);
const { shapes, gradients, norms, values } = JSON.parse(readFileSync(path, 'utf8')) as Fixture;

function withGradient(...gradient: number[]): Tensor {
  const parameter = ones([gradient.length], { requiresGrad: true });
  parameter.grad = tensor(gradient);
  return parameter;
}

/** The fixture's parameters, and one without a gradient. */
function parameters(): Tensor[] {
  const given = gradients.map((gradient, i) => {
    const shape = shapes[i] ?? [];
    const parameter = ones(shape, { requiresGrad: true });
    parameter.grad = tensor([...gradient], { shape });
    return parameter;
  });
  return [...given, ones([2], { requiresGrad: true })];
}

function gradientOf(parameter: Tensor | undefined): Tensor {
  if (!(parameter?.grad instanceof Tensor)) throw new Error('no gradient');
  return parameter.grad;
}

describe('as PyTorch', () => {
  test.each(norms)('clipGradNorm to $maxNorm, normType $normType', async (spec) => {
    const normType = Number(spec.normType);
    const params = parameters();
    expect(gradNorm(params, { normType }).itemSync()).toBeCloseTo(spec.total, 4);
    const named = params.map((parameter, i): [string, Tensor] => [`p${i}`, parameter]);
    const { total, byName } = await gradNorms(named, { normType });
    expect(total).toBeCloseTo(spec.total, 4);
    expect([...byName.keys()]).toEqual(spec.each.map((_, i) => `p${i}`));
    expectClose([...byName.values()], spec.each, {}, 'norms by name');

    expectClose([clipGradNorm(params, spec.maxNorm, { normType }).itemSync()], [spec.total]);
    for (const [i, expected] of spec.clipped.entries()) {
      expectClose(gradientOf(params[i]).dataSync(), expected, {}, `gradient ${i}`);
    }
    expect(params.at(-1)?.grad).toBeNull();
  });

  test.each(values)('clipGradValue to $clipValue', ({ clipValue, clipped }) => {
    const params = parameters();
    clipGradValue(params, clipValue);
    for (const [i, expected] of clipped.entries()) {
      expectClose(gradientOf(params[i]).dataSync(), expected, {}, `gradient ${i}`);
    }
  });

  test('no gradients, no norm', async () => {
    expect(clipGradNorm([], 1).itemSync()).toBe(0);
    expect(gradNorm([ones([2])]).itemSync()).toBe(0);
    expect(await gradNorms([['p', ones([2])]])).toEqual({ total: 0, byName: new Map() });
    clipGradValue([], 1);
  });

  test('a single tensor, a parameter given twice, and one in another layout', () => {
    const p = withGradient(3, 4);
    expect(clipGradNorm(p, 1).itemSync()).toBe(5);
    const q = withGradient(3, 4);
    expect(clipGradNorm([q, q], 1).itemSync()).toBe(5);
    expectSame(gradientOf(q), gradientOf(p));
    const image = ones([1, 2, 2, 1], { requiresGrad: true });
    image.grad = inLayout(tensor([3, 0, 0, 4], { shape: [1, 2, 2, 1] }), 'channelsLast');
    clipGradNorm([image], 2.5);
    expectClose(image.grad.dataSync(), [1.5, 0, 0, 2]);
  });

  test('NaN makes every gradient NaN, infinity makes the finite ones 0', () => {
    const params = [withGradient(1, Number.NaN), withGradient(2)];
    expect(clipGradNorm(params, 1).itemSync()).toBeNaN();
    expectSame(gradientOf(params[1]).dataSync(), [Number.NaN]);
    for (const normType of [1, 2, 3, Number.POSITIVE_INFINITY]) {
      const bad = [withGradient(1, Number.NaN, 0), withGradient(2)];
      expect(gradNorm(bad, { normType }).itemSync(), `normType ${normType}`).toBeNaN();
    }
    const infinite = [withGradient(Number.NEGATIVE_INFINITY), withGradient(2)];
    expect(clipGradNorm(infinite, 1).itemSync()).toBe(Number.POSITIVE_INFINITY);
    expectSame(gradientOf(infinite[1]).dataSync(), [0]);
    const value = withGradient(Number.NaN, Number.POSITIVE_INFINITY, -9);
    clipGradValue([value], 1);
    expectSame(gradientOf(value).dataSync(), [Number.NaN, 1, -1]);
  });

  test('exploding and vanishing gradients keep their norm, whose square float32 cannot hold', () => {
    expectClose([gradNorm([withGradient(3e30, 4e30)]).itemSync()], [5e30], { atol: 0 });
    expectClose([gradNorm([withGradient(3e-30, 4e-30)]).itemSync()], [5e-30], { atol: 0 });
  });
});

describe('errors', () => {
  test('errorIfNonfinite leaves the gradients as they are', () => {
    const params = [withGradient(1, Number.NaN), withGradient(2)];
    expect(() => clipGradNorm(params, 1, { errorIfNonfinite: true })).toThrow(
      /clipGradNorm: the gradients' norm \(normType 2\) is NaN/,
    );
    expectSame(gradientOf(params[1]).dataSync(), [2]);
    expect(clipGradNorm([withGradient(3, 4)], 1, { errorIfNonfinite: true }).itemSync()).toBe(5);
  });

  test.each([
    [() => clipGradNorm([], -1), /clipGradNorm: maxNorm is -1/],
    [() => clipGradNorm([], Number.NaN), /maxNorm is NaN/],
    [() => clipGradNorm([], 1, { normType: 0 }), /clipGradNorm: normType is 0/],
    [() => gradNorm([], { normType: -1 }), /gradNorm: normType is -1/],
    [
      () => clipGradNorm([], 1, { norm: 1 } as object),
      /clipGradNorm: norm: unknown option, did you mean normType\?/,
    ],
    [() => clipGradValue([], -1), /clipGradValue: clipValue is -1/],
    [() => clipGradValue([], Number.POSITIVE_INFINITY), /clipValue is Infinity/],
    [() => gradNorm([3 as never]), /gradNorm: a parameter is a number/],
  ])('%s', (call, message) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(message);
  });

  test('the tape notices that a gradient it saved has changed', () => {
    const p = ones([2], { requiresGrad: true });
    const x = tensor([3, 4], { requiresGrad: true });
    p.grad = tensor([3, 4]);
    const y = sum(mul(p.grad, x));
    clipGradNorm([p], 1);
    expect(() => backward(y)).toThrow(AutogradError);
  });
});

test('the norm lives as long as the loss, and a loop keeps no memory', async () => {
  const p = ones([1000], { requiresGrad: true });
  const step = (): Tensor => {
    p.grad?.dispose();
    p.grad = null;
    backward(sum(mul(p, 2)));
    return clipGradNorm([p], 1);
  };
  const first = step();
  expect(await first.item()).toBeCloseTo(2 * Math.sqrt(1000), 3);
  step();
  expect(first.isDisposed).toBe(true);
  const before = memoryInfo().live;
  for (let i = 0; i < 50; i++) step();
  expect(memoryInfo().live).toBe(before);
});
