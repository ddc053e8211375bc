import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { ArgumentError, CheckpointError, DTypeError } from '../../src/errors.js';
import * as nn from '../../src/nn/index.js';
import { copyFrom, full, tensor, zeros } from '../../src/ops/creation.js';
import { add } from '../../src/ops/elementwise.js';
import { sum } from '../../src/ops/reduce.js';
import { scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { withBackend } from '../support/backends.js';
import { expectSame } from '../support/close.js';

/** A layer with a buffer before its parameters, as some have them. */
class Scale extends nn.Module {
  readonly running_mean = zeros([2]);
  readonly weight = new nn.Parameter(full([2], 2));
  readonly #hidden = new nn.Linear(1, 1);

  override forward(x: Tensor): Tensor {
    return add(x, this.weight);
  }

  get hidden(): nn.Module {
    return this.#hidden;
  }
}

class Net extends nn.Module {
  readonly conv1 = new nn.Conv2d(1, 2, 3);
  readonly layers = new nn.Sequential(new nn.Linear(2, 2), new nn.ReLU(), new Scale());
  readonly scale = new nn.Parameter(full([1], 1));
  readonly step = zeros([], { dtype: 'int32' });

  override forward(x: Tensor): Tensor {
    return this.layers.forward(x);
  }
}

const NET_KEYS = [
  'scale',
  'step',
  'conv1.weight',
  'conv1.bias',
  'layers.0.weight',
  'layers.0.bias',
  'layers.2.weight',
  'layers.2.running_mean',
];

describe('what a module is made of', () => {
  test('is found in the order of PyTorch: parameters, buffers, children', () => {
    const net = new Net();
    expect([...net.stateDict().keys()]).toEqual(NET_KEYS);
    const isParameter = (key: string): boolean => !/step|running/.test(key);
    expect(net.namedParameters().map(([name]) => name)).toEqual(NET_KEYS.filter(isParameter));
    expect(net.namedBuffers().map(([name]) => name)).toEqual(['step', 'layers.2.running_mean']);
    expect(net.parameters()).toHaveLength(6);
    expect(net.buffers()).toHaveLength(2);
    expect(net.namedChildren().map(([name]) => name)).toEqual(['conv1', 'layers']);
    expect(net.children()).toEqual([net.conv1, net.layers]);
    expect(net.namedModules().map(([path]) => path)).toEqual([
      '',
      'conv1',
      'layers',
      'layers.0',
      'layers.1',
      'layers.2',
    ]);
  });

  test('does not include private fields', () => {
    const scale = new Scale();
    expect(scale.hidden).toBeInstanceOf(nn.Linear);
    expect(scale.modules()).toEqual([scale]);
  });

  test('counts a shared module and a shared parameter once, and names it twice in the state', () => {
    class Tied extends nn.Module {
      readonly first = new nn.Linear(2, 2);
      readonly second = this.first;
      readonly weight = this.first.weight;
      override forward(): void {}
    }
    const tied = new Tied();
    expect(tied.namedParameters().map(([name]) => name)).toEqual(['weight', 'first.bias']);
    expect(tied.modules()).toHaveLength(2);
    expect([...tied.stateDict().keys()]).toEqual([
      'weight',
      'first.weight',
      'first.bias',
      'second.weight',
      'second.bias',
    ]);
  });

  test('is not looked for in arrays, which is an error', () => {
    class Blocks extends nn.Module {
      readonly blocks = [new nn.ReLU()];
      override forward(): void {}
    }
    expect(() => new Blocks().parameters()).toThrow(/Blocks.blocks: .* ModuleList/);
  });

  test('cannot be the module itself', () => {
    class Child extends nn.Module {
      parent: nn.Module | null = null;
      override forward(): void {}
    }
    class Parent extends nn.Module {
      readonly child = new Child();
      override forward(): void {}
    }
    const parent = new Parent();
    parent.child.parent = parent;
    expect(() => parent.stateDict()).toThrow(/child.parent: Parent contains itself/);
    expect(parent.modules()).toHaveLength(2);
  });

  test('outlives the scope that it was made in', () => {
    const net = scope(() => {
      const made = new Net();
      made.stateDict();
      return made;
    });
    for (const value of net.stateDict().values()) expect(value.isDisposed).toBe(false);
  });
});

describe('training', () => {
  test('train and eval reach every module', () => {
    const net = new Net();
    expect(net.modules().every(({ training }) => training)).toBe(true);
    expect(net.eval()).toBe(net);
    expect(net.modules().some(({ training }) => training)).toBe(false);
    expect(net.train().layers.at(0).training).toBe(true);
  });

  test('freeze stops gradients, unfreeze brings them back', () => {
    const net = new Net();
    net.conv1.freeze();
    expect(net.parameters().filter((p) => !p.requiresGrad)).toHaveLength(2);
    net.freeze();
    expect(net.forward(zeros([1, 2])).requiresGrad).toBe(false);
    net.unfreeze();
    expect(net.forward(zeros([1, 2])).requiresGrad).toBe(true);
  });

  test('zeroGrad drops gradients', () => {
    const net = new Net();
    backward(sum(net.forward(full([3, 2], 1))));
    const withGradient = net.parameters().filter((p) => p.grad !== null);
    expect(withGradient).toHaveLength(3);
    net.zeroGrad();
    expect(net.parameters().every((p) => p.grad === null)).toBe(true);
  });

  test('apply calls inner modules first', () => {
    const seen: string[] = [];
    new Net().layers.apply((module) => seen.push(module.constructor.name));
    expect(seen).toEqual(['Linear', 'ReLU', 'Scale', 'Sequential']);
  });
});

describe('loadStateDict', () => {
  function stateOf(net: nn.Module): Map<string, Tensor> {
    return new Map(
      [...net.stateDict()].map(([name, t]) => [name, full(t.shape, 7, { dtype: t.dtype })]),
    );
  }

  test('copies values into the tensors that are there', () => {
    const net = new Net();
    const before = [...net.stateDict().values()];
    const state = stateOf(net);
    expect(net.loadStateDict(state)).toEqual({ missing: [], unexpected: [] });
    expect([...net.stateDict().values()]).toEqual(before);
    for (const value of before) expect(new Set(value.dataSync())).toEqual(new Set([7]));
    expect(before.map(({ requiresGrad }) => requiresGrad).filter(Boolean)).toHaveLength(6);
  });

  test('takes plain objects', () => {
    const layer = new nn.Linear(1, 1);
    layer.loadStateDict({ weight: tensor([[2]]), bias: tensor([3]) });
    expectSame(layer.forward(tensor([[10]])), [23]);
  });

  test('lists everything that does not fit, and loads nothing', () => {
    const net = new Net();
    const state = stateOf(net);
    state.delete('scale');
    state.delete('layers.2.running_mean');
    state.set('fc.weight', zeros([1]));
    state.set('conv1.bias', zeros([3]));
    state.set('layers.0.weight', zeros([2, 2, 1]));
    state.set('step', zeros([]));
    const gone = zeros([2]);
    gone.dispose();
    state.set('layers.0.bias', gone);
    state.set('layers.2.weight', [1, 2] as unknown as Tensor);
    const before = [...net.stateDict().values()].map((t) => t.dataSync());
    const load = (): unknown => net.loadStateDict(state);
    expect(load).toThrow(CheckpointError);
    expect(load).toThrow(
      [
        'loadStateDict: this is no state of Net; nothing was loaded',
        'missing: scale, layers.2.running_mean',
        'unexpected: fc.weight',
        'does not fit: step is float32, expected int32; conv1.bias is [3], expected [2]; ' +
          'layers.0.weight is [2, 2, 1], expected [2, 2]; layers.0.bias was disposed of; ' +
          'layers.2.weight is no Tensor',
      ].join('\n  '),
    );
    expect([...net.stateDict().values()].map((t) => t.dataSync())).toEqual(before);
  });

  test('accepts missing and unexpected keys where strict is false, but no other shape', () => {
    const layer = new nn.Linear(1, 1);
    const state = { weight: tensor([[5]]), other: zeros([1]) };
    expect(layer.loadStateDict(state, { strict: false })).toEqual({
      missing: ['bias'],
      unexpected: ['other'],
    });
    expectSame(layer.weight, [5]);
    expect(() => layer.loadStateDict({ bias: zeros([2]) }, { strict: false })).toThrow(
      /bias is \[2\]/,
    );
  });
});

describe('to', () => {
  test('float64 converts floats, shared ones once, and keeps what is frozen', () => {
    withBackend('ts', () => {
      const net = new Net();
      net.conv1.freeze();
      const weights = net.conv1.weight.dataSync();
      net.to('float64');
      expect(net.parameters().map(({ dtype }) => dtype)).toEqual(Array(6).fill('float64'));
      expect(net.buffers().map(({ dtype }) => dtype)).toEqual(['int32', 'float64']);
      expect(net.conv1.weight.requiresGrad).toBe(false);
      expect(net.scale).toBeInstanceOf(nn.Parameter);
      expect(net.scale.requiresGrad).toBe(true);
      expectSame(net.conv1.weight, weights);
      expect([...net.stateDict().keys()]).toEqual(NET_KEYS);
    });
  });

  test('refuses integers', () => {
    expect(() => new Net().to('int32')).toThrow(DTypeError);
  });
});

describe('Parameter', () => {
  test('is a leaf that shares the memory of its values', () => {
    const values = tensor([1, 2]);
    const parameter = new nn.Parameter(values);
    expect(parameter.requiresGrad && parameter.isLeaf).toBe(true);
    copyFrom(values, tensor([3, 4]));
    expectSame(parameter, [3, 4]);
    expect(new nn.Parameter(values, { requiresGrad: false }).requiresGrad).toBe(false);
  });

  test('outlives scopes', () => {
    const parameter = scope(() => {
      const made = { inner: new nn.Parameter(tensor([1, 2])) };
      return () => made.inner;
    })();
    expectSame(parameter, [1, 2]);
  });

  test('holds floats only', () => {
    expect(() => new nn.Parameter(tensor([1], { dtype: 'int32' }))).toThrow(DTypeError);
  });
});

test('a module prints as in PyTorch', () => {
  class Extra extends nn.Module {
    readonly inner = new nn.Sequential(new nn.Dropout(0.25));
    override forward(): void {}
    protected override describeOptions(): string {
      return 'width=3';
    }
  }
  expect(String(new nn.Sequential({ fc: new nn.Linear(2, 3), act: new nn.ReLU() }))).toBe(
    'Sequential(\n  (fc): Linear(2, 3)\n  (act): ReLU()\n)',
  );
  expect(String(new Extra())).toBe(
    'Extra(\n  width=3\n  (inner): Sequential(\n    (0): Dropout(p=0.25)\n  )\n)',
  );
});

describe('containers', () => {
  test('Sequential has its layers by number and by name', () => {
    const [first, second] = [new nn.Linear(2, 3), new nn.ReLU()];
    const numbered = new nn.Sequential(first, second);
    expect([...numbered]).toEqual([first, second]);
    expect(numbered).toHaveLength(2);
    expect(numbered.at(-1)).toBe(second);
    expect(() => numbered.at(2)).toThrow(/Sequential: there is no module 2; it has 2/);
    const named = new nn.Sequential({ fc: first, act: second });
    expect([...named.stateDict().keys()]).toEqual(['fc.weight', 'fc.bias']);
    expectSame(named.forward(full([1, 2], 1)), numbered.forward(full([1, 2], 1)));
    expectSame(new nn.Sequential().forward(tensor([1])), [1]);
  });

  test('Sequential refuses names that are taken, and what is no module', () => {
    const relu = new nn.ReLU();
    expect(() => new nn.Sequential({ forward: relu })).toThrow(ArgumentError);
    expect(() => new nn.Sequential({ 'a.b': relu })).toThrow(/'a.b' cannot name a module/);
    expect(() => new nn.Sequential({ '': relu })).toThrow(ArgumentError);
    expect(() => new nn.Sequential({ fc: 1 as unknown as nn.Layer })).toThrow(/fc is no Module/);
    expect(() => new nn.Sequential(relu, null as unknown as nn.Layer)).toThrow(/1 is no Module/);
  });

  test('ModuleList numbers its modules, and leaves forward to others', () => {
    const list = new nn.ModuleList([new nn.Linear(1, 1), new nn.Linear(1, 2)]);
    list.push(new nn.Linear(1, 3));
    expect([...list].map((layer) => layer.outFeatures)).toEqual([1, 2, 3]);
    expect(list.at(-1).outFeatures).toBe(3);
    expect(list).toHaveLength(3);
    expect([...list.stateDict().keys()].at(-1)).toBe('2.bias');
    expect(() => list.forward()).toThrow(/ModuleList: it has no forward/);
  });
});
