import { describe, expect, expectTypeOf, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { ArgumentError } from '../../src/errors.js';
import * as nn from '../../src/nn/index.js';
import { full, ones, tensor } from '../../src/ops/creation.js';
import { add, mul } from '../../src/ops/elementwise.js';
import { SGD } from '../../src/optim/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { withBackend } from '../support/backends.js';
import { expectSame } from '../support/close.js';

class Heads extends nn.Module {
  readonly layers = new nn.ModuleList([new nn.Linear(2, 2)]);
  readonly heads = new nn.ModuleDict({ cls: new nn.Linear(2, 3), act: new nn.ReLU() });
  readonly params = new nn.ParameterList([ones([1]), new nn.Parameter(full([2], 2))]);
  readonly scales = new nn.ParameterDict({ left: ones([3]) });
  override forward(x: Tensor): Tensor {
    let y = x;
    for (const layer of this.layers) y = layer.forward(y);
    const scaled = mul(y, this.params.at(0));
    return mul(this.heads.get('cls').forward(scaled), this.scales.get('left'));
  }
}

test('the names in the state dict are those of PyTorch', () => {
  expect([...new Heads().stateDict().keys()]).toEqual([
    'layers.0.weight',
    'layers.0.bias',
    'heads.cls.weight',
    'heads.cls.bias',
    'params.0',
    'params.1',
    'scales.left',
  ]);
});

test('what containers hold is trained', () => {
  const net = new Heads();
  const optimizer = new SGD(net.parameters(), { lr: 1 });
  const before = net.params.at(0).dataSync();
  backward(net.forward(ones([1, 2])).sum());
  optimizer.step();
  expect(net.params.at(0).grad).not.toBeNull();
  expect(net.scales.get('left').grad).not.toBeNull();
  expect(net.params.at(0).dataSync()).not.toEqual(before);
});

test('a conversion of dtype reaches what the containers give', () => {
  withBackend('ts', () => {
    const net = new Heads();
    net.to('float64');
    expect(net.params.at(0).dtype).toBe('float64');
    expect(net.scales.get('left').dtype).toBe('float64');
    expect(net.heads.get('cls').weight.dtype).toBe('float64');
    expect([...net.params].map(({ dtype }) => dtype)).toEqual(['float64', 'float64']);
  });
});

describe('ModuleDict', () => {
  test('is like a Map with types', () => {
    const { heads } = new Heads();
    expectTypeOf(heads.get('cls')).toEqualTypeOf<nn.Linear>();
    expect(heads.size).toBe(2);
    expect(heads.has('cls') && !heads.has('box')).toBe(true);
    expect([...heads.keys()]).toEqual(['cls', 'act']);
    expect([...heads.values()].map((each) => each.constructor.name)).toEqual(['Linear', 'ReLU']);
    expect([...heads].map(([name]) => name)).toEqual([...heads.keys()]);
    expect([...heads.entries()]).toEqual([...heads]);
    expect(() => heads.forward()).toThrow(/ModuleDict: it has no forward/);
  });

  test('adds, replaces and takes out', () => {
    const dict = new nn.ModuleDict<Record<string, nn.Linear>>();
    expect(dict.set('b', new nn.Linear(1, 1))).toBe(dict);
    dict.set('a', new nn.Linear(1, 2));
    const other = new nn.Linear(1, 5);
    dict.set('b', other);
    expect(dict.get('b')).toBe(other);
    expect([...dict.keys()]).toEqual(['b', 'a']);
    expect(dict.stateDict().get('b.bias')?.shape).toEqual([5]);
    expect(dict.delete('b')).toBe(true);
    expect(dict.delete('b')).toBe(false);
    expect([...dict.stateDict().keys()]).toEqual(['a.weight', 'a.bias']);
    dict.set('b', other);
    expect(dict.size).toBe(2);
  });

  test('takes Maps and pairs', () => {
    const pairs: [string, nn.Module][] = [
      ['x', new nn.ReLU()],
      ['y', new nn.Tanh()],
    ];
    expect([...new nn.ModuleDict(pairs).keys()]).toEqual(['x', 'y']);
    expect([...new nn.ModuleDict(new Map(pairs)).keys()]).toEqual(['x', 'y']);
  });

  test('refuses names that are taken, names with dots, and what is no module', () => {
    const relu = new nn.ReLU();
    for (const name of ['forward', 'a.b', '', 'keys', 'training']) {
      expect(() => new nn.ModuleDict({ [name]: relu })).toThrow(/cannot name a module/);
    }
    expect(() => new nn.ModuleDict({ a: 1 as unknown as nn.Module })).toThrow(/a is no Module/);
    expect(() => new nn.ModuleDict([relu] as never)).toThrow(/use \{ name/);
    expect(() => new nn.ModuleDict(3 as never)).toThrow(ArgumentError);
    expect(() => new nn.ModuleDict({ a: relu }).get('b' as never)).toThrow(
      /ModuleDict: there is no module 'b'; it has a/,
    );
  });
});

describe('ParameterList and ParameterDict', () => {
  test('make parameters of tensors', () => {
    const list = new nn.ParameterList();
    const parameter = new nn.Parameter(ones([2]));
    expect(list.push(tensor([1, 2])).push(parameter)).toBe(list);
    expect(list).toHaveLength(2);
    expect(list.at(0)).toBeInstanceOf(nn.Parameter);
    expect(list.at(-1)).toBe(parameter);
    expect([...list][1]).toBe(parameter);
    list.set(-1, tensor([7]));
    expectSame(list.at(1), [7]);
    expect(list.parameters()).toEqual([...list]);
    expect(() => list.at(2)).toThrow(/ParameterList: there is no parameter 2; it has 2/);
    expect(() => list.set(2, parameter)).toThrow(/there is no parameter 2/);
    expect(() => list.push(1 as never)).toThrow(/2 is no Parameter/);
    expect(() => new nn.ParameterList(1 as never)).toThrow(/expected parameters in an array/);
    expect(() => list.forward()).toThrow(/no forward/);
    const dict = new nn.ParameterDict<string>({ a: ones([1]) });
    dict.set('b', parameter).set('a', tensor([4]));
    expectSame(dict.get('a'), [4]);
    expect(dict.get('b')).toBe(parameter);
    expect([...dict.stateDict().keys()]).toEqual(['a', 'b']);
    expect(() => dict.set('c', null as never)).toThrow(/c is no Parameter/);
    expect(() => dict.forward()).toThrow(/no forward/);
  });

  test('print what they hold', () => {
    expect(String(new nn.ParameterList([ones([2, 3])]))).toBe(
      'ParameterList((0): Parameter [2, 3] float32)',
    );
    expect(String(new nn.ParameterDict({ a: ones([1]) }))).toBe(
      'ParameterDict((a): Parameter [1] float32)',
    );
  });
});

test('a layer that is put into a field of a container is the one that runs', () => {
  const layer = new nn.Linear(1, 1);
  layer.loadStateDict({ weight: tensor([[3]]), bias: tensor([0]) });
  const list = new nn.Sequential(new nn.Linear(1, 1));
  Reflect.set(list, '0', layer);
  expect(list.at(0)).toBe(layer);
  expectSame(list.forward(tensor([[2]])), [6]);
  expect(() => Reflect.set(list, '0', 1)).toThrow(/0 is no Module/);
  const modules = new nn.ModuleList([new nn.Linear(1, 1)]);
  modules.set(0, layer);
  expect(modules.at(-1)).toBe(layer);
  expect(modules.stateDict().get('0.weight')).toBe(layer.weight);
  expect(() => modules.set(1, layer)).toThrow(/there is no module 1/);
});

test('an array for a Sequential is refused with the way to say it', () => {
  expect(() => new nn.Sequential([new nn.ReLU()] as never)).toThrow(/Sequential: got an array/);
});

test('ten thousand layers run without overflowing the stack', () => {
  class PlusOne extends nn.Module {
    override forward(x: Tensor): Tensor {
      return add(x, 1);
    }
  }
  const list = new nn.Sequential(
    Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`l${i}`, new PlusOne()])),
  );
  expect(list.forward(tensor([0])).itemSync()).toBe(10_000);
});
