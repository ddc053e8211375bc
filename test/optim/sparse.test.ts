import { describe, expect, test } from 'vitest';
import { SparseError } from '../../src/errors.js';
import '../../src/autograd/methods.js';
import * as nn from '../../src/nn/index.js';
import { full, mul, ones, sum, tensor } from '../../src/ops/index.js';
import * as optim from '../../src/optim/index.js';
import type { DType } from '../../src/tensor/dtype.js';
import { RowSparseTensor } from '../../src/tensor/rowSparse.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { withBackend } from '../support/backends.js';
import { expectClose, expectSame, type Tolerance } from '../support/close.js';
import { embeddingOf, fixture, gradientOf } from '../support/embeddings.js';

type Case = (typeof fixture.optimizers)[number];
type Make = new (params: unknown, options?: object) => optim.Optimizer;

const { indices, gradients, padding: paddingIndex, features } = fixture;
const STEPS = indices.length;

function optimizerOf({ optimizer, options }: Case, params: readonly Tensor[]): optim.Optimizer {
  const Optimizer = Reflect.get(optim, optimizer) as Make;
  return new Optimizer(params, options);
}

/** Leaves the gradients of a step, from two backward passes. */
function giveGradients(layer: nn.Embedding, step: number): void {
  layer.zeroGrad();
  const { dtype } = layer.weight;
  const [index = [], g = []] = [indices[step], gradients[step]];
  for (const [begin, end] of [
    [0, 3],
    [3, 5],
  ] as const) {
    const gradient = tensor(g.slice(begin * features, end * features), {
      shape: [end - begin, features],
      dtype,
    });
    layer.forward(tensor(index.slice(begin, end), { dtype: 'int32' })).backward({ gradient });
  }
}

function followTrajectory(spec: Case, dtype: DType, tolerance: Tolerance): void {
  const layer = embeddingOf({ sparse: true, paddingIndex }, dtype);
  const optimizer = optimizerOf(spec, [layer.weight]);
  for (let step = 0; step < STEPS; step++) {
    giveGradients(layer, step);
    optimizer.step();
    expect(layer.weight.grad).toBeInstanceOf(RowSparseTensor);
    expectClose(layer.weight, spec.trajectory[step] ?? [], tolerance, `after step ${step + 1}`);
  }
}

describe.each(fixture.optimizers)('$optimizer $options of sparse gradients', (spec) => {
  test("follows PyTorch's trajectory", () => {
    followTrajectory(spec, 'float32', { rtol: 1e-5, atol: 2e-6 });
  });

  test('and closely so in float64', () => {
    withBackend('ts', () => followTrajectory(spec, 'float64', { rtol: 1e-7, atol: 1e-8 }));
  });

  test('goes on from a saved state bit for bit', () => {
    const [straight, broken] = [0, 1].map(() => embeddingOf({ sparse: true, paddingIndex }));
    if (!straight || !broken) throw new Error('two layers');
    const whole = optimizerOf(spec, [straight.weight]);
    let second = optimizerOf(spec, [broken.weight]);
    for (let step = 0; step < STEPS; step++) {
      giveGradients(straight, step);
      whole.step();
      if (step === 8) {
        const { tensors, ...rest } = second.stateDict();
        second = optimizerOf(spec, [broken.weight]);
        second.loadStateDict({ ...JSON.parse(JSON.stringify(rest)), tensors });
      }
      giveGradients(broken, step);
      second.step();
    }
    expectSame(broken.weight, straight.weight);
  });
});

describe('SGD and Adagrad', () => {
  test.each([
    ['SGD', { lr: 0.1, momentum: 0.9, nesterov: true }],
    ['SGD', { lr: 0.1, momentum: 0.7, dampening: 0.2 }],
    ['Adagrad', { lr: 0.1 }],
  ])('%s %o: sparse, dense or now this and now that is the same', (optimizer, options) => {
    const layers = [{ sparse: true }, {}, {}].map((o) => embeddingOf({ ...o, paddingIndex }));
    const mixed = embeddingOf({ sparse: true, paddingIndex });
    layers.push(mixed);
    const spec = { optimizer, options, trajectory: [] };
    const optimizers = layers.map(({ weight }) => optimizerOf(spec, [weight]));
    for (let step = 0; step < STEPS; step++) {
      for (const [i, layer] of layers.entries()) {
        giveGradients(layer, step);
        if (layer === mixed && step % 5 < 2) {
          const { grad } = layer.weight;
          if (grad instanceof RowSparseTensor) layer.weight.grad = grad.toDense();
        }
        optimizers[i]?.step();
      }
    }
    const [first, ...others] = layers;
    for (const { weight } of others)
      expectClose(weight, first?.weight ?? [], { rtol: 1e-6, atol: 1e-7 });
  });
});

describe('clipping', () => {
  const pair = (): [nn.Embedding, nn.Embedding] => {
    const [sparse, dense] = [embeddingOf({ sparse: true }), embeddingOf({})];
    for (const layer of [sparse, dense]) giveGradients(layer, 0);
    return [sparse, dense];
  };

  test.each([1, 2, 3, Number.POSITIVE_INFINITY])(
    'clipGradNorm by the %d-norm',
    async (normType) => {
      const [sparse, dense] = pair();
      const other = full([2], 3, { requiresGrad: true });
      other.grad = ones([2]);
      const norms = [sparse, dense].map(({ weight }) =>
        optim.clipGradNorm([weight], 0.5, { normType }),
      );
      expectClose(norms[0] ?? [], norms[1] ?? [], { rtol: 1e-6 });
      expectClose(gradientOf(sparse.weight).dataSync(), gradientOf(dense.weight).dataSync(), {
        rtol: 1e-6,
      });
      const both = await optim.gradNorms(
        [
          ['rows', sparse.weight],
          ['other', other],
        ],
        { normType },
      );
      expect(both.byName.get('rows')).toBeCloseTo(0.5, 4);
    },
  );

  test('clipGradValue', () => {
    const [sparse, dense] = pair();
    for (const { weight } of [sparse, dense]) optim.clipGradValue([weight], 0.3);
    expectClose(gradientOf(sparse.weight).dataSync(), gradientOf(dense.weight).dataSync(), {
      rtol: 1e-6,
    });
  });
});

describe('what does not fit is refused before anything changes', () => {
  const layer = embeddingOf({ sparse: true });
  const other = tensor([1, 2], { requiresGrad: true });
  const params = [other, layer.weight];

  const refuses = (optimizer: string, options: object, message: string): void => {
    const made = optimizerOf({ optimizer, options: { ...options }, trajectory: [] }, params);
    giveGradients(layer, 0);
    other.grad = ones([2]);
    const before = params.map((p) => p.dataSync());
    expect(() => made.step()).toThrow(SparseError);
    expect(() => made.step()).toThrow(
      `${optimizer}: parameter weight, of shape [9, 3], has a sparse gradient, ${message}`,
    );
    expect(params.map((p) => p.dataSync())).toEqual(before);
    expect(made.stateDict().steps).toEqual([0, 0]);
    expect(made.stateDict().tensors.size).toBe(0);
  };

  test.each(['Adam', 'AdamW', 'RAdam', 'NAdam', 'Adamax', 'RMSprop', 'Adadelta', 'Lion'])(
    '%s',
    (name) => refuses(name, {}, `which ${name} does not take: use SparseAdam, Adagrad or SGD`),
  );

  test('penalties', () => {
    refuses('SGD', { weightDecay: 0.1 }, 'and weightDecay 0.1, which would change all of its rows');
    refuses('Adagrad', { l1: 0.1 }, 'and l1 0.1, which would change all of its rows');
  });

  test('SparseAdam wants sparse gradients', () => {
    const optimizer = new optim.SparseAdam(params);
    giveGradients(layer, 0);
    other.grad = ones([2]);
    expect(() => optimizer.step()).toThrow(
      'SparseAdam: parameter 0 of group 0, of shape [2], has a dense gradient',
    );
    expect(() => new optim.SparseAdam(params, { weightDecay: 0.1 })).toThrow(
      'weightDecay is 0.1, expected 0',
    );
  });

  test('by the name that it has in the model', () => {
    const model = new nn.Sequential(layer, new nn.Linear(3, 2));
    const optimizer = new optim.Adam(model.parameters());
    giveGradients(layer, 0);
    expect(() => optimizer.step()).toThrow(
      'Adam: parameter 0.weight, of shape [9, 3], has a sparse gradient',
    );
  });
});

test('groups hold both kinds of parameters', () => {
  const layer = embeddingOf({ sparse: true });
  const scale = tensor([2], { requiresGrad: true });
  const optimizer = new optim.SGD([layer.weight, scale], { lr: 0.5, momentum: 0.9 });
  const reference = embeddingOf({});
  const referenceScale = tensor([2], { requiresGrad: true });
  const dense = new optim.SGD([reference.weight, referenceScale], { lr: 0.5, momentum: 0.9 });
  for (let step = 0; step < 4; step++) {
    const index = tensor(indices[step] ?? [], { dtype: 'int32' });
    for (const [table, s, o] of [
      [layer, scale, optimizer],
      [reference, referenceScale, dense],
    ] as const) {
      o.zeroGrad();
      sum(mul(table.forward(index), s)).backward();
      o.step();
    }
  }
  expectClose(layer.weight, reference.weight, { rtol: 1e-5, atol: 1e-6 });
  expectClose(scale, referenceScale, { rtol: 1e-5 });
});
