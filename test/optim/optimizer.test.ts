import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import {
  ArgumentError,
  AutogradError,
  CheckpointError,
  DisposedError,
  DTypeError,
  ShapeError,
} from '../../src/errors.js';
import { full, tensor, zeros } from '../../src/ops/creation.js';
import { mul, square } from '../../src/ops/elementwise.js';
import { sum } from '../../src/ops/reduce.js';
import { Adam, AdamW, type OptimizerState, SGD } from '../../src/optim/index.js';
import { scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { withBackend } from '../support/backends.js';
import { expectClose, expectSame } from '../support/close.js';
import { memoryInfo } from '../support/memory.js';

function parameter(...values: number[]): Tensor {
  return tensor(values, { requiresGrad: true });
}

function gradientOf(param: Tensor, ...values: number[]): Tensor {
  param.grad = tensor(values);
  return param;
}

describe('what is refused', () => {
  test('no parameters', () => {
    expect(() => new SGD([])).toThrow(/SGD: there are no parameters/);
    expect(() => new SGD([{ params: [] }])).toThrow(ArgumentError);
  });

  test('a parameter given twice, in one group or in two', () => {
    const p = parameter(1);
    expect(() => new SGD([p, p])).toThrow(/given twice/);
    expect(() => new Adam([{ params: [p] }, { params: [p] }])).toThrow(/Adam: .* given twice/);
  });

  test('what is no leaf, no tensor or no float', () => {
    const p = parameter(1);
    expect(() => new SGD([mul(p, 2)])).toThrow(/was computed by affine, expected a leaf/);
    expect(() => new SGD([1 as unknown as Tensor])).toThrow(/got a number among the parameters/);
    expect(() => new SGD([tensor([1], { dtype: 'int32' })])).toThrow(DTypeError);
  });

  test('parameters and groups in one list', () => {
    const groups = [parameter(1), { params: [parameter(2)] }] as unknown as Tensor[];
    expect(() => new SGD(groups)).toThrow(/either parameters or groups/);
  });

  test.each([
    [{ lr: -1 }, /SGD: lr is -1/],
    [{ lr: Number.NaN }, /SGD: lr is NaN/],
    [{ momentum: -0.1 }, /SGD: momentum is -0.1/],
    [{ dampening: Number.POSITIVE_INFINITY }, /dampening/],
    [{ weightDecay: -1 }, /weightDecay is -1/],
    [{ nesterov: true }, /nesterov requires momentum > 0 and dampening 0/],
    [{ nesterov: true, momentum: 0.9, dampening: 0.1 }, /nesterov requires/],
  ])('SGD options %o', (options, message) => {
    expect(() => new SGD([parameter(1)], options)).toThrow(message);
  });

  test.each([
    [{ betas: [1, 0.9] as const }, /Adam: betas\[0\] is 1/],
    [{ betas: [0.9, -0.1] as const }, /betas\[1\] is -0.1/],
    [{ eps: -1e-8 }, /eps/],
    [{ weightDecay: -1 }, /weightDecay/],
  ])('Adam options %o', (options, message) => {
    expect(() => new Adam([parameter(1)], options)).toThrow(message);
  });

  test('options that do not exist, in the options and in a group', () => {
    const options = { learningRate: 1 } as object;
    expect(() => new SGD([parameter(1)], options)).toThrow(
      /SGD: learningRate: unknown option, did you mean lr\?/,
    );
    expect(() => new AdamW([{ params: [parameter(1)], ...options }])).toThrow(/learningRate/);
  });

  test('a gradient that does not fit, before any parameter changes', () => {
    const a = gradientOf(parameter(1, 2), 1, 1);
    const b = gradientOf(parameter(1, 2), 1);
    const optimizer = new SGD([{ params: [a] }, { params: [b] }], { lr: 1 });
    expect(() => optimizer.step()).toThrow(ShapeError);
    expectSame(a, [1, 2]);
    b.grad = tensor([1, 1]);
    optimizer.step();
    expectSame(a, [0, 1]);
    expectSame(b, [0, 1]);
  });

  test('a parameter that was disposed of', () => {
    const p = gradientOf(parameter(1), 1);
    const optimizer = new SGD([p]);
    optimizer.step();
    p.dispose();
    expect(() => optimizer.step()).toThrow(DisposedError);
  });
});

describe('groups', () => {
  test('have the options of the optimiser where they name none of their own', () => {
    const optimizer = new SGD([{ params: [parameter(1)], lr: 0.5 }, { params: [parameter(2)] }], {
      lr: 0.1,
      momentum: 0.9,
    });
    expect(optimizer.paramGroups.map(({ lr, momentum }) => [lr, momentum])).toEqual([
      [0.5, 0.9],
      [0.1, 0.9],
    ]);
  });

  test('can be edited between steps', () => {
    const p = gradientOf(parameter(1), 1);
    const optimizer = new SGD([p], { lr: 0.5 });
    optimizer.step();
    for (const group of optimizer.paramGroups) group.lr = 0.25;
    optimizer.step();
    expectSame(p, [0.25]);
    for (const group of optimizer.paramGroups) group.momentum = 0.5;
    optimizer.step();
    optimizer.step();
    expectClose(p, [0.25 - 0.25 * 1 - 0.25 * 1.5]);
  });

  test('can be added', () => {
    const [a, b] = [gradientOf(parameter(1), 1), gradientOf(parameter(1), 1)];
    const optimizer = new SGD([a], { lr: 0.5 });
    optimizer.addParamGroup({ params: [b], lr: 0.25 });
    optimizer.step();
    expectSame(a, [0.5]);
    expectSame(b, [0.75]);
    expect(() => optimizer.addParamGroup({ params: [a] })).toThrow(/given twice/);
  });

  test('share one learning rate, unless they have their own', () => {
    const optimizer = new Adam([{ params: [parameter(1)] }, { params: [parameter(1)] }], {
      lr: 0.5,
    });
    optimizer.lr *= 0.5;
    expect(optimizer.paramGroups.map(({ lr }) => lr)).toEqual([0.25, 0.25]);
    for (const group of optimizer.paramGroups.slice(1)) group.lr = 1;
    expect(() => optimizer.lr).toThrow(/the groups differ in lr/);
    expect(() => {
      optimizer.lr = 2;
    }).toThrow(/the groups differ in lr/);
    expect(() => {
      optimizer.lr = -2;
    }).toThrow(/lr is -2/);
  });
});

describe('step', () => {
  test('leaves parameters without gradient as they are', () => {
    const [a, b] = [gradientOf(parameter(1), 1), parameter(1)];
    new AdamW([a, b], { lr: 0.5, weightDecay: 0.5 }).step();
    expectSame(b, [1]);
    expect(a.itemSync()).toBeLessThan(1);
  });

  test('takes up other parameters as their gradients come and go', () => {
    const [a, b] = [gradientOf(parameter(0), 1), parameter(0)];
    const optimizer = new SGD([a, b], { lr: 1, momentum: 0.5 });
    optimizer.step();
    a.grad = null;
    gradientOf(b, 1);
    optimizer.step();
    gradientOf(a, 1);
    optimizer.step();
    expectSame(a, [-1 - 1.5]);
    expectSame(b, [-1 - 1.5]);
  });

  test('is noticed by a gradient that needs the value from before', () => {
    const p = gradientOf(parameter(2), 1);
    const loss = sum(square(p));
    new SGD([p], { lr: 1 }).step();
    expect(() => backward(loss)).toThrow(AutogradError);
  });

  test('keeps its memory in a scope, and takes no more of it with time', () => {
    const p = parameter(1, 2, 3);
    const optimizer = new Adam([p]);
    const step = (): void => {
      scope(() => {
        optimizer.zeroGrad();
        backward(sum(square(p)));
        optimizer.step();
      });
    };
    step();
    const { live } = memoryInfo();
    for (let i = 0; i < 20; i++) step();
    expect(memoryInfo().live).toBe(live);
    expect(p.dataSync().every(Number.isFinite)).toBe(true);
  });

  test('updates float64 parameters of the TypeScript backend', () => {
    withBackend('ts', () => {
      const p = full([2], 1, { dtype: 'float64', requiresGrad: true });
      p.grad = full([2], 1, { dtype: 'float64' });
      new Adam([p], { lr: 0.1 }).step();
      expectClose(p, [0.9, 0.9], { rtol: 1e-7 });
      const mixed = [p, zeros([2], { requiresGrad: true })];
      expect(() => new SGD(mixed)).toThrow(/is float32, expected float64 like the first/);
    });
  });
});

test('zeroGrad drops gradients and their memory', () => {
  const p = gradientOf(parameter(1), 1);
  const gradient = p.grad;
  new SGD([p]).zeroGrad();
  expect(p.grad).toBeNull();
  expect(gradient?.isDisposed).toBe(true);
});

describe('state', () => {
  function trained(): { optimizer: Adam; params: Tensor[] } {
    const params = [gradientOf(parameter(1, 2), 1, 1), gradientOf(parameter(3), 1)];
    const optimizer = new Adam(params, { lr: 0.5 });
    optimizer.step();
    return { optimizer, params };
  }

  test('names tensors by index and by PyTorch', () => {
    const { optimizer } = trained();
    const state = optimizer.stateDict();
    expect(state.type).toBe('Adam');
    expect(state.groups).toEqual([
      {
        options: {
          lr: 0.5,
          betas: [0.9, 0.999],
          eps: 1e-8,
          weightDecay: 0,
          l1: 0,
          amsgrad: false,
          maximize: false,
        },
        count: 2,
      },
    ]);
    expect(state.steps).toEqual([1, 1]);
    expect([...state.tensors.keys()]).toEqual([
      '0.exp_avg',
      '0.exp_avg_sq',
      '1.exp_avg',
      '1.exp_avg_sq',
    ]);
  });

  test('of before the first step has no tensors, and loads', () => {
    const { optimizer } = trained();
    const fresh = new Adam([parameter(1, 2), parameter(3)], { lr: 0.125 }).stateDict();
    expect(fresh.tensors.size).toBe(0);
    optimizer.loadStateDict(fresh);
    expect(optimizer.lr).toBe(0.125);
    expect(optimizer.stateDict()).toEqual(fresh);
  });

  test('of its own changes nothing', () => {
    const { optimizer, params } = trained();
    const other = trained();
    optimizer.loadStateDict(optimizer.stateDict());
    optimizer.step();
    other.optimizer.step();
    expectSame(params[0] ?? [], other.params[0] ?? [1]);
  });

  test('is copied when it is loaded', () => {
    const { optimizer } = trained();
    const other = trained();
    const saved = optimizer.stateDict();
    other.optimizer.loadStateDict(saved);
    for (const t of saved.tensors.values()) t.dispose();
    other.optimizer.step();
    expect(other.params[0]?.dataSync().every(Number.isFinite)).toBe(true);
  });

  test.each<[string, (state: OptimizerState) => object, RegExp]>([
    ['another class', () => ({ type: 'SGD' }), /it is one of SGD/],
    ['other groups', () => ({ groups: [] }), /groups of \[\] parameters, expected \[2\]/],
    ['fewer steps', () => ({ steps: [1] }), /counts steps of 1 parameters, expected 2/],
    ['a step that is no count', () => ({ steps: [1, 0.5] }), /steps\[1\] is 0.5/],
    [
      'no tensors',
      () => ({ tensors: new Map() }),
      /0.exp_avg is missing[\s\S]*1.exp_avg_sq is missing/,
    ],
    [
      'another shape',
      ({ tensors }) => ({ tensors: new Map([...tensors, ['0.exp_avg', zeros([3])]]) }),
      /0.exp_avg is \[3\], expected \[2\]/,
    ],
    [
      'another dtype',
      ({ tensors }) => ({
        tensors: new Map([...tensors, ['1.exp_avg', zeros([1], { dtype: 'int32' })]]),
      }),
      /1.exp_avg is int32, expected float32/,
    ],
    [
      'tensors of no parameter',
      ({ tensors }) => ({ tensors: new Map([...tensors, ['2.exp_avg', zeros([1])]]) }),
      /2.exp_avg is unexpected/,
    ],
    [
      'options of another kind',
      ({ groups }) => ({
        groups: [{ ...groups[0], options: { ...groups[0]?.options, betas: 0.9 } }],
      }),
      /betas of group 0 is 0.9/,
    ],
    [
      'options that are unknown',
      ({ groups }) => ({
        groups: [{ ...groups[0], options: { ...groups[0]?.options, momentum: 0 } }],
      }),
      /momentum of group 0 is unexpected/,
    ],
  ])('of %s is refused, and nothing is loaded', (_, change, message) => {
    const { optimizer } = trained();
    const before = optimizer.stateDict();
    const saved = {
      ...before,
      groups: [{ count: 2, options: { ...before.groups[0]?.options, lr: 9 } }],
    };
    const load = (): void => optimizer.loadStateDict({ ...saved, ...change(saved) });
    expect(load).toThrow(CheckpointError);
    expect(load).toThrow(message);
    expect(optimizer.lr).toBe(0.5);
    expect(optimizer.stateDict()).toEqual(before);
  });

  test('with options out of range is refused', () => {
    const { optimizer } = trained();
    const saved = optimizer.stateDict();
    const groups = saved.groups.map((group) => ({
      ...group,
      options: { ...group.options, lr: -1 },
    }));
    expect(() => optimizer.loadStateDict({ ...saved, groups })).toThrow(/lr is -1/);
    expect(optimizer.lr).toBe(0.5);
  });
});
