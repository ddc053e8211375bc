import { createContext, runInContext, runInThisContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { tensor } from '../src/ops/creation.js';
import { isError, isPlainObject, isThenable } from '../src/realm.js';
import { scope } from '../src/tensor/scope.js';

const context = createContext({});
const elsewhere = (code: string): unknown => runInContext(code, context);

describe.each([
  ['this realm', (code: string): unknown => runInThisContext(code)],
  ['another realm', elsewhere],
])('values of %s', (_name, make) => {
  it.each(['({})', '({ a: 1 })', 'Object.create(null)'])('plain: %s', (code) => {
    expect(isPlainObject(make(code))).toBe(true);
  });

  it.each([
    '[]',
    'new Map()',
    'new Set()',
    'new (class A {})()',
    'new Float32Array(1)',
    'Object.create({})',
    'null',
    '1',
    '() => 1',
  ])('not plain: %s', (code) => {
    expect(isPlainObject(make(code))).toBe(false);
  });

  it.each(['new Error()', 'new RangeError()', 'new (class E extends Error {})()'])(
    'an error: %s',
    (code) => {
      expect(isError(make(code))).toBe(true);
    },
  );

  it.each(['({ message: "" })', '"error"', 'null', 'undefined'])('no error: %s', (code) => {
    expect(isError(make(code))).toBe(false);
  });

  it.each(['Promise.resolve()', '({ then() {} })', '(async () => {})()'])(
    'thenable: %s',
    (code) => {
      expect(isThenable(make(code))).toBe(true);
    },
  );

  it.each(['({ then: 1 })', '() => 1', 'null', '1'])('not thenable: %s', (code) => {
    expect(isThenable(make(code))).toBe(false);
  });
});

it('knows an abort as an error', () => {
  expect(isError(AbortSignal.abort().reason)).toBe(true);
});

describe('tensors', () => {
  it('take typed arrays of another realm', async () => {
    const array = elsewhere('Float32Array.of(1, 2)') as Float32Array;
    expect([...(await tensor(array).data())]).toEqual([1, 2]);
  });

  it('live until an async function of another realm is done', async () => {
    const x = tensor([1, 2]);
    const run = elsewhere(
      '(make, sum) => async () => { const y = make(); await null; return sum(y); }',
    );
    if (typeof run !== 'function') throw new TypeError();
    const sum = await scope(
      run(
        () => x.add(1),
        (y: typeof x) => y.sum().item(),
      ),
    );
    expect(sum).toBe(5);
  });

  it('are kept in Maps of another realm that a scope returns', async () => {
    const wrap = elsewhere('(a) => new Map([["a", a]])');
    if (typeof wrap !== 'function') throw new TypeError();
    const map: Map<string, ReturnType<typeof tensor>> = scope(() => wrap(tensor([4])));
    expect(await map.get('a')?.item()).toBe(4);
  });
});
