import { describe, expect, test } from 'vitest';
import { kindOf } from '../src/arguments.js';
import { backend } from '../src/backend/select.js';
import * as data from '../src/data/index.js';
import { ArgumentError, AxonodeError } from '../src/errors.js';
import * as nn from '../src/nn/index.js';
import * as ops from '../src/ops/index.js';
import * as optim from '../src/optim/index.js';
import { inWords } from '../src/options.js';
import * as plot from '../src/plot/index.js';
import { enableGrad, noGrad, scope } from '../src/tensor/scope.js';
import { Tensor } from '../src/tensor/tensor.js';
import * as vision from '../src/vision/index.js';

// Whatever a caller gives: a public function works, or throws an error of this library.

const EVIL: readonly unknown[] = [
  undefined,
  null,
  3,
  -1,
  Number.NaN,
  '',
  'abc',
  true,
  {},
  { toString: 1 },
  Object.create(null),
  [],
  [null],
  [{}],
  [{ toString: 1 }],
  Symbol('s'),
  10n,
  () => 1,
  new Map(),
  new Float64Array(0),
];

const { Tensor: _, ...functions } = { Tensor, ...ops };
const SPACES: Readonly<Record<string, object>> = {
  ops: { ...functions, scope, noGrad, enableGrad },
  nn: { ...nn, functional: undefined, init: undefined },
  'nn.init': nn.init,
  optim,
  data,
  vision,
  plot,
};
/** Those that fetch files. */
const FETCH = new Set(['loadMnist', 'loadCifar10', 'loadCifar100', 'loadText']);

type Callable = (...args: readonly unknown[]) => unknown;

function isClass(fn: Callable): boolean {
  return /^class\b/.test(Function.prototype.toString.call(fn));
}

function argumentLists(): readonly (readonly unknown[])[] {
  const x = ops.ones([2, 3]);
  const lists: unknown[][] = [[]];
  for (const a of EVIL) {
    lists.push(
      [a],
      [x, a],
      [a, x],
      [x, x, a],
      [3, a],
      [3, 4, a],
      [3, 4, 2, a],
      [[2, 2], a],
      [[x], a],
    );
    lists.push([[], a], ['abc', a]);
  }
  return lists;
}

async function rawErrors(name: string, call: (args: readonly unknown[]) => unknown) {
  const raw = new Set<string>();
  const pending: Promise<unknown>[] = [];
  const note = (error: unknown): void => {
    if (!(error instanceof AxonodeError)) raw.add(`${name}: ${String(error)}`);
  };
  for (const args of argumentLists()) {
    try {
      const result = call(args);
      if (result instanceof Promise) pending.push(result.catch(note));
    } catch (error) {
      note(error);
    }
  }
  await Promise.all(pending);
  return [...raw];
}

// What is checked does not depend on the backend.
describe.runIf(backend().name === 'ts')('whatever a caller gives', () => {
  test.each(Object.entries(SPACES))('to the functions of %s', async (space, members) => {
    const raw: string[] = [];
    for (const [name, member] of Object.entries(members)) {
      if (typeof member !== 'function' || FETCH.has(name)) continue;
      const fn = member as Callable;
      const call = isClass(fn)
        ? (args: readonly unknown[]) => Reflect.construct(fn, args)
        : (args: readonly unknown[]) => Reflect.apply(fn, undefined, args);
      raw.push(...(await rawErrors(`${space}.${name}`, call)));
    }
    expect(raw).toEqual([]);
  });

  test('to the methods of tensors', async () => {
    const raw: string[] = [];
    for (const name of Object.getOwnPropertyNames(Tensor.prototype)) {
      const method: unknown = Object.getOwnPropertyDescriptor(Tensor.prototype, name)?.value;
      const isInternal = ['constructor', 'share', 'saveForTape', 'leaveContexts'].includes(name);
      if (typeof method !== 'function' || isInternal) continue;
      const x = ops.ones([2, 3]);
      raw.push(...(await rawErrors(`Tensor.${name}`, (args) => Reflect.apply(method, x, args))));
    }
    expect(raw).toEqual([]);
  });
});

test('messages show values of any kind', () => {
  expect([1, 'a', null, undefined, 10n, Symbol('s'), [1, 2], [[2]]].map(inWords)).toEqual([
    '1',
    'a',
    'null',
    'undefined',
    '10',
    'Symbol(s)',
    '[1, 2]',
    'an array of 1',
  ]);
  expect(inWords({ toString: 1 })).toBe('a Object');
  expect([null, [], {}, 1, () => 1].map(kindOf)).toEqual([
    'null',
    'an array',
    'an object',
    'a number',
    'a function',
  ]);
});

test('a picture of images that is too large says its size', () => {
  const images = { shape: [4, 1, 10, 10], data: new Uint8Array(400) };
  for (const options of [{ scale: 1e6 }, { padding: 1e9 }, { scale: 2 ** 40 }]) {
    expect(() => vision.imageGrid(images, options)).toThrow(ArgumentError);
    expect(() => vision.imageGrid(images, options)).toThrow(
      /dots, expected \d+ at most|expected at most/,
    );
  }
  for (const shape of [
    [4, 1, -10, -10],
    [4, 1, 2.5, 40],
    [4, 1, Number.NaN, 10],
    [2 ** 40, 1, 1, 1],
  ]) {
    expect(() => vision.imageGrid({ shape, data: new Uint8Array(400) })).toThrow(ArgumentError);
  }
  expect(() => vision.imageGrid(images, { labels: [1, 2, 3, 4] as never })).toThrow(
    /labels\[0\] is 1, expected a text/,
  );
});
