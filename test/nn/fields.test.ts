import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { DataLoader, TensorDataset } from '../../src/data/index.js';
import { ArgumentError, DisposedError } from '../../src/errors.js';
import * as nn from '../../src/nn/index.js';
import { arange, full, ones, tensor, zeros } from '../../src/ops/creation.js';
import { add, mul } from '../../src/ops/elementwise.js';
import { scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { expectSame } from '../support/close.js';

// What of a module's fields is state, and what is not.

/** A module of one field, whose forward does nothing. */
class Holder extends nn.Module {
  held: unknown;
  constructor(held: unknown) {
    super();
    this.held = held;
  }
  override forward(x: Tensor): Tensor {
    return x;
  }
}

class Head {
  readonly fc = new nn.Linear(1, 1);
}

const STRAYS: readonly (readonly [name: string, make: () => unknown, remedy: RegExp])[] = [
  ['an array', () => [new nn.ReLU()], /modules in an array .* ModuleList/],
  ['a nested array', () => [[1, [new nn.ReLU()]]], /ModuleList/],
  ['an array after many numbers', () => [...Array(900).keys(), new nn.ReLU()], /ModuleList/],
  ['a Map', () => new Map([['a', new nn.ReLU()]]), /modules in a Map .* ModuleDict/],
  ['keys of a Map', () => new Map([[new nn.ReLU(), 1]]), /ModuleDict/],
  ['a Set', () => new Set([new nn.ReLU()]), /modules in a Set .* ModuleList/],
  ['a plain object', () => ({ a: new nn.ReLU() }), /modules in a plain object .* ModuleDict/],
  [
    'an object without prototype',
    () => Object.assign(Object.create(null), { a: new nn.ReLU() }),
    /ModuleDict/,
  ],
  ['an object in a Map', () => new Map([[1, { a: [new nn.ReLU()] }]]), /ModuleList/],
  ['an instance of a class', () => new Head(), /in an instance of Head, .* fields of a Module/],
  ['instances in an array', () => [new Head()], /in an instance of Head/],
  [
    'parameters in an array',
    () => [new nn.Parameter(ones([1]))],
    /parameters in an array .* ParameterList/,
  ],
  ['parameters in an object', () => ({ w: new nn.Parameter(ones([1])) }), /ParameterDict/],
  ['parameters in a Map', () => new Map([['w', new nn.Parameter(ones([1]))]]), /ParameterDict/],
  [
    'tensors that require gradients',
    () => ({ w: ones([1], { requiresGrad: true }) }),
    /ParameterDict/,
  ],
  ['tensors in an array', () => [ones([1])], /tensors in an array .* registerBuffer/],
  [
    'tensors in an object',
    () => ({ mean: ones([1]) }),
    /tensors in a plain object .* registerBuffer/,
  ],
];

describe('state that would be no part of the model', () => {
  test.each(STRAYS)('%s', (_, make, remedy) => {
    const uses: readonly ((module: nn.Module) => unknown)[] = [
      (module) => module.parameters(),
      (module) => module.stateDict(),
      (module) => module.train(),
      (module) => module.eval(),
      (module) => module.buffers(),
      (module) => Reflect.apply(module.forward, module, [zeros([1])]),
    ];
    for (const use of uses) {
      const run = (): unknown => use(new nn.Sequential(new Holder(make())));
      expect(run).toThrow(ArgumentError);
      expect(run).toThrow(/Holder\.held: /);
      expect(run).toThrow(remedy);
      expect(run).toThrow(/#private/);
    }
  });

  test('is seen when a field gets it later', () => {
    const module = new Holder(null);
    module.parameters();
    module.forward(zeros([1]));
    module.held = new Map();
    module.forward(zeros([1]));
    module.held = { heads: [new nn.Linear(1, 1)] };
    expect(() => module.parameters()).toThrow(/Holder.held/);
    const filled = new Holder({});
    filled.parameters();
    Object.assign(filled.held as object, { fc: new nn.Linear(1, 1) });
    expect(() => filled.parameters()).toThrow(/Holder.held/);
  });

  test('a field that requires gradients is asked to be a Parameter', () => {
    const module = new Holder(ones([2], { requiresGrad: true }));
    expect(() => module.parameters()).toThrow(/Holder.held: .* new nn.Parameter/);
  });

  test('a field that is named by a symbol', () => {
    const module = new Holder(1);
    Reflect.set(module, Symbol('hidden'), new nn.ReLU());
    expect(() => module.parameters()).toThrow(/Symbol\(hidden\)/);
  });

  test('lists of what has fields of its own are welcome', () => {
    class Listed extends nn.Module {
      readonly a = new nn.Linear(1, 1);
      readonly rest = new nn.Sequential(new nn.Linear(1, 1));
      readonly all = [this.a, this.rest.at(0)];
      readonly byName = new Map([['a', this.a]]);
      readonly weights = { a: this.a.weight };
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    expect(new Listed().parameters()).toHaveLength(4);
  });

  test('circles, getters and proxies that throw, and symbols are no trouble', () => {
    const circle: Record<string, unknown> = { 1: Symbol('x'), big: 10n, fn: () => 1 };
    circle.self = circle;
    circle.list = [circle, new Map([[circle, circle]]), new Set([circle])];
    Object.defineProperty(circle, 'bad', {
      enumerable: true,
      get() {
        throw new Error('not read');
      },
    });
    const evil = new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('not listed');
        },
        getPrototypeOf() {
          throw new Error('no prototype');
        },
      },
    );
    for (const held of [circle, evil, [evil], new Map([['a', evil]]), new Date(), /a/, console]) {
      const module = new Holder(held);
      expect(module.parameters()).toEqual([]);
      module.forward(zeros([1]));
    }
    const module = new Holder(1);
    Object.defineProperty(module, 'bad', {
      enumerable: true,
      get() {
        throw new Error('not read');
      },
    });
    expect(module.parameters()).toEqual([]);
    module.forward(zeros([1]));
  });

  test('what is large is not gone through', () => {
    let steps = 0;
    const endless = (item: unknown) =>
      function* (): Generator<unknown> {
        for (;;) {
          steps++;
          yield item;
        }
      };
    const map = Object.assign(new Map(), { [Symbol.iterator]: endless([1, 2]) });
    const set = Object.assign(new Set(), { [Symbol.iterator]: endless(1) });
    const object = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, i]));
    const deep = Array.from({ length: 100_000 }).reduce<unknown>((inner) => [inner], null);
    for (const held of [map, set, object, deep, new Array(1_000_000).fill(0), [[map], { set }]]) {
      const module = new Holder(held);
      for (let i = 0; i < 5; i++) {
        module.parameters();
        module.forward(zeros([1]));
      }
    }
    expect(steps).toBeGreaterThan(0);
    expect(steps).toBeLessThan(50_000);
  });
});

describe('what forward leaves in a field', () => {
  class Looking extends nn.Module {
    readonly fc = new nn.Linear(2, 2);
    hidden: Tensor | null = null;
    input: Tensor | null = null;
    readonly all: Tensor[] = [];
    readonly byName = new Map<string, Tensor>();
    keeps = false;
    override forward(x: Tensor): Tensor {
      const hidden = this.fc.forward(x);
      this.hidden = mul(hidden, 2);
      if (this.keeps) this.hidden.keep();
      this.input = x;
      this.all.push(this.hidden);
      this.byName.set('hidden', this.hidden);
      return hidden;
    }
  }

  test('is no state', () => {
    const net = new Looking();
    const names = ['fc.weight', 'fc.bias'];
    for (let step = 0; step < 2; step++) {
      net.forward(ones([1, 2]));
      expect([...net.stateDict().keys()]).toEqual(names);
      expect(net.buffers()).toEqual([]);
      expect(net.parameters()).toHaveLength(2);
    }
    expect([...new nn.Sequential(net).stateDict().keys()]).toEqual(names.map((n) => `0.${n}`));
  });

  test('is named by the error when its memory is gone', () => {
    const net = new Looking();
    net.forward(ones([1, 2]));
    const look = (): unknown => net.hidden?.dataSync();
    expect(look).toThrow(DisposedError);
    expect(look).toThrow(/Looking\.hidden, a tensor of shape \[1, 2\] .* keep\(\)/);
  });

  test('stays with keep()', () => {
    const net = new Looking();
    net.keeps = true;
    const y = net.forward(ones([1, 2]));
    expectSame(net.hidden ?? y, mul(y, 2));
  });

  test('takes the place of a buffer, and stays', () => {
    class Average extends nn.Module {
      mean = zeros([2]);
      override forward(x: Tensor): Tensor {
        this.mean = add(mul(this.mean, 0.5), mul(x, 0.5));
        return x;
      }
    }
    const net = new Average();
    net.forward(full([2], 1));
    net.forward(full([2], 1));
    expectSame(net.stateDict().get('mean') ?? net.mean, [0.75, 0.75]);
    expect(net.buffers()).toEqual([net.mean]);
  });

  test('a buffer that a forward is handed stays one', () => {
    class Inner extends nn.Module {
      override forward(x: Tensor, mask: Tensor): Tensor {
        return add(x, mask);
      }
    }
    class Outer extends nn.Module {
      readonly mask: Tensor;
      readonly inner = new Inner();
      constructor(mask: Tensor) {
        super();
        this.mask = mask;
      }
      override forward(x: Tensor): Tensor {
        return this.inner.forward(x, this.mask);
      }
    }
    const mask = ones([1]);
    const [first, second] = [new Outer(mask), new Outer(mask)];
    first.forward(zeros([1]));
    second.forward(zeros([1]));
    for (const net of [first, second]) expect([...net.stateDict().keys()]).toEqual(['mask']);
  });

  test('a module that is made in forward has its buffers', () => {
    class Lazy extends nn.Module {
      norm: nn.BatchNorm1d | null = null;
      own: Holder | null = null;
      override forward(x: Tensor): Tensor {
        this.norm ??= new nn.BatchNorm1d(x.shape[1] ?? 0);
        this.own ??= new Holder(zeros([1]));
        return this.own.forward(this.norm.forward(x));
      }
    }
    const net = new Lazy();
    net.forward(ones([2, 3]));
    expect([...net.stateDict().keys()]).toEqual([
      'norm.weight',
      'norm.bias',
      'norm.running_mean',
      'norm.running_var',
      'norm.num_batches_tracked',
      'own.held',
    ]);
    for (const value of net.stateDict().values()) expect(value.isDisposed).toBe(false);
  });
});

describe('what is assigned outside of forward', () => {
  test('is a buffer, also later', () => {
    const net = new Holder(null);
    net.forward(zeros([1]));
    net.held = ones([2]);
    net.forward(zeros([1]));
    expect([...net.stateDict().keys()]).toEqual(['held']);
  });

  test('is none if it belongs to a graph, or is on loan', async () => {
    const net = new Holder(null);
    const weight = ones([1], { requiresGrad: true });
    net.held = mul(weight, 2);
    expect(net.buffers()).toEqual([]);
    for await (const [batch] of new DataLoader(new TensorDataset(ones([2, 1])))) net.held = batch;
    expect(net.buffers()).toEqual([]);
    backward(mul(weight, 2));
  });

  test('names the field if its memory is gone', () => {
    const net = scope(() => {
      const made = new Holder(ones([2]));
      return () => made;
    })();
    for (const use of [() => net.stateDict(), () => net.buffers(), () => net.to('float32')]) {
      expect(use).toThrow(DisposedError);
      expect(use).toThrow(/Holder\.held: the memory of this buffer/);
    }
    expect(net.parameters()).toEqual([]);
  });

  test('is left alone when a scope returns the module', () => {
    const net = scope(() => new Holder(ones([2])));
    expectSame(net.stateDict().get('held') ?? zeros([2]), [1, 1]);
  });
});

describe('registerBuffer', () => {
  class Masked extends nn.Module {
    readonly mask = this.registerBuffer('mask', ones([2]));
    readonly positions = this.registerBuffer('positions', arange(3), { persistent: false });
    none = this.registerBuffer('none', null);
    override forward(x: Tensor): Tensor {
      this.registerBuffer('seen', add(x, 1));
      return x;
    }
  }

  test('makes state, saved or not', () => {
    const net = new Masked();
    expect([...net.stateDict().keys()]).toEqual(['mask']);
    expect(net.namedBuffers().map(([name]) => name)).toEqual(['mask', 'positions']);
    net.forward(zeros([1]));
    expect([...net.stateDict().keys()]).toEqual(['mask', 'seen']);
    expectSame(net.stateDict().get('seen') ?? net.mask, [1]);
    net.loadStateDict({ mask: tensor([3, 4]), seen: tensor([5]) });
    expectSame(net.mask, [3, 4]);
  });

  test('refuses names that are taken, and tensors with gradients', () => {
    const net = new Masked();
    for (const name of ['forward', 'training', 'a.b', '']) {
      expect(() => net.registerBuffer(name, ones([1]))).toThrow(ArgumentError);
    }
    expect(() => net.registerBuffer('x', 1 as never)).toThrow(/Masked.registerBuffer: buffer is/);
    expect(() => net.registerBuffer('x', ones([1], { requiresGrad: true }))).toThrow(
      /nn.Parameter/,
    );
    expect(() => net.registerBuffer('x', ones([1]), { persist: true } as never)).toThrow(
      /persistent/,
    );
    expect(() => net.registerBuffer(Symbol('x') as never, ones([1]))).toThrow(ArgumentError);
  });
});
