import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';
import type { Kernels, NumericArray } from '../../src/backend/kernels/index.js';
import {
  ArgOp,
  BinaryOp,
  CompareOp,
  ReduceOp,
  UnaryGradOp,
  UnaryOp,
} from '../../src/backend/kernels/index.js';
import type { NativeAddon } from '../../src/backend/native/addon.js';
import { backend, backendInfo, synchronize, synchronizeSync } from '../../src/backend/select.js';
import { IndexFaultError } from '../../src/errors.js';
import { collectNow } from '../support/collect.js';
import { addonPath } from './child.js';

const isNative = process.env.AXONODE_BACKEND === 'native';
const load = (): NativeAddon => createRequire(import.meta.url)(addonPath);

/** Arrays in the addon's own memory, for which calls are queued. */
const floats = (...values: number[]): Float32Array => {
  const array = new Float32Array(backend().allocate(4 * values.length));
  array.set(values);
  return array;
};
const integers = (...values: number[]): Int32Array => {
  const array = new Int32Array(backend().allocate(4 * values.length));
  array.set(values);
  return array;
};

describe.runIf(isNative)('the addon', () => {
  it('takes every operation of the enumerations, and none beyond', () => {
    const { kernels } = load();
    const x = () => floats(1, 2);
    const plan = Int32Array.of(1, 2, 1, 1);
    const families: [Record<string, number>, (op: number) => void][] = [
      [UnaryOp, (op) => kernels.unary(x(), x(), 2, op as 0, 1, 1)],
      [UnaryGradOp, (op) => kernels.unaryGrad(x(), x(), x(), 2, op as 0, 1, 1)],
      [BinaryOp, (op) => kernels.binary(x(), x(), x(), 2, op as 0)],
      [CompareOp, (op) => kernels.compare(new Uint8Array(2), x(), x(), plan, op as 0)],
      [ReduceOp, (op) => kernels.reduce(x(), x(), 1, 2, 1, op as 0)],
      [ArgOp, (op) => kernels.argReduce(integers(0), x(), 1, 2, 1, op as 0)],
    ];
    for (const [family, call] of families) {
      const codes = Object.values(family);
      for (const code of codes) call(code);
      expect(() => call(codes.length)).toThrow(RangeError);
    }
  });

  // Wrong calls, which the types would not let pass.
  const call = (name: keyof Kernels, ...values: unknown[]): void =>
    Reflect.apply(load().kernels[name], undefined, values);

  it.each<[string, keyof Kernels, unknown[]]>([
    [
      'addScaled: x has 3 elements, expected at least 4',
      'addScaled',
      [floats(1, 2, 3, 4), floats(1, 2, 3), 4, 1],
    ],
    [
      'addScaled: x is a Float64Array of 4, expected a Float32Array',
      'addScaled',
      [floats(1), new Float64Array(4), 1, 1],
    ],
    [
      'addScaled: x is undefined, expected a Float32Array',
      'addScaled',
      [floats(1), undefined, 1, 1],
    ],
    ['addScaled: x is null, expected an array of at least 1', 'addScaled', [floats(1), null, 1, 1]],
    [
      'addScaled: n is NaN, expected an integer',
      'addScaled',
      [floats(1), floats(1), Number.NaN, 1],
    ],
    ['addScaled: n is 1.5, expected an integer', 'addScaled', [floats(1), floats(1), 1.5, 1]],
    [
      'addScaled: n is -1, expected an integer of at least 0',
      'addScaled',
      [floats(1), floats(1), -1, 1],
    ],
    [
      'addScaled: alpha is a string, expected a number',
      'addScaled',
      [floats(1), floats(1), 1, '1'],
    ],
    ['addScaled: got 3 arguments, expected 4', 'addScaled', [floats(1), floats(1), 1]],
    [
      'copyStrided: plan reaches before the beginning of x',
      'copyStrided',
      [floats(1, 2), floats(1, 2), Int32Array.of(1, 0, 0, 2, 1, -1)],
    ],
    [
      'copyStrided: x is int32, expected float32 as in the arrays before it',
      'copyStrided',
      [floats(1), integers(1), Int32Array.of(0, 0, 0)],
    ],
  ])('says: %s', (message, name, values) => {
    const code = 'ERR_KERNEL_ARGUMENT';
    expect(() => call(name, ...values)).toThrow(expect.objectContaining({ code, message }));
  });

  const geometry = (...changes: [number, number][]): Int32Array => {
    const ints = Int32Array.of(2, 8, 8, 16, 8, 8, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1);
    for (const [at, value] of changes) ints[at] = value;
    return ints;
  };

  it.each<[string, unknown[]]>([
    ['pass is 3, expected an integer from 0 to 2', [3, geometry()]],
    ['pass is undefined, expected an integer', []],
    ['geometry is an object, expected an Int32Array', [0, {}]],
    [
      "geometry is an Int32Array of 15, expected the geometry's 16 integers in an Int32Array",
      [0, new Int32Array(15)],
    ],
    ['geometry says kernelHeight 0, expected 1 to 16777216', [1, geometry([7, 0])]],
    ['geometry says 3 groups, which do not divide 16 and 16 channels', [2, geometry([15, 3])]],
  ])('refuses to choose an algorithm: %s', (message, values) => {
    const code = 'ERR_KERNEL_ARGUMENT';
    expect(() => Reflect.apply(load().convAlgorithm, undefined, values)).toThrow(
      expect.objectContaining({ code, message: `convAlgorithm: ${message}` }),
    );
  });

  it('says how weights are prepared, and takes no fewer elements', () => {
    const addon = load();
    const cases: [Int32Array, number][] = [
      [geometry([0, 8]), 36 * 16 * 32],
      [geometry([0, 20], [1, 2], [2, 2], [4, 2], [5, 2]), 16 * 16 * 32],
      [geometry([7, 1], [8, 1]), 16 * 32],
      [geometry([15, 2]), 2 * 8 * 9 * 32],
      [geometry([15, 16]), 16 * 9],
    ];
    for (const [shape, expected] of cases) {
      const { elements, format } = addon.prepareConv(shape);
      expect(elements).toBe(expected);
      const pack = (count: number): void =>
        addon.kernels.packConv2d(
          new Float32Array(count),
          new Float32Array(16 ** 2 * 9),
          shape,
          format,
        );
      pack(elements);
      expect(() => pack(elements - 1)).toThrow(RangeError);
    }
    expect(() => Reflect.apply(addon.prepareConv, undefined, [geometry([15, 3])])).toThrow(
      'prepareConv: geometry says 3 groups',
    );
  });

  it.each<[string, keyof Kernels, unknown[]]>([
    [
      'upsample2d: upsampling says inHeight 0.5, expected 1 to 9007199254740992',
      'upsample2d',
      [floats(1), floats(1), Float64Array.of(1, 1, 0.5, 1, 1, 1, 1, 1), 0],
    ],
    [
      'upsample2d: upsampling has 3 numbers, too few',
      'upsample2d',
      [floats(1), floats(1), Float64Array.of(1, 1, 1), 0],
    ],
    [
      'upsample2d: upsampling has 9 numbers, too many',
      'upsample2d',
      [floats(1), floats(1), new Float64Array(9).fill(1), 0],
    ],
    [
      'groupNormGrad: grouping says 2 groups, which do not divide 3 channels',
      'groupNormGrad',
      [...Array.from({ length: 8 }, () => floats(1, 2, 3)), Float64Array.of(1, 1, 3, 2)],
    ],
    [
      'rnn: sequences says a size 3, expected 1 to 2',
      'rnn',
      [floats(1), floats(1), null, floats(1), null, Int32Array.of(1, 1, 0, 2, 3), 0],
    ],
    [
      'rnn: sequences has 3 integers, expected a step at least',
      'rnn',
      [floats(1), floats(1), null, floats(1), null, Int32Array.of(1, 1, 0), 0],
    ],
  ])('refuses packed numbers: %s', (message, name, values) => {
    const code = 'ERR_KERNEL_ARGUMENT';
    expect(() => call(name, ...values)).toThrow(expect.objectContaining({ code, message }));
  });

  it('refuses a precision that is no boolean', () => {
    const call = (value: unknown) => () =>
      Reflect.apply(load().setExactConvolution, undefined, [value]);
    for (const wrong of [undefined, 1, 'exact']) expect(call(wrong)).toThrow(RangeError);
  });

  it('has done its work on return where memory is not its own', () => {
    const x = new Float32Array(3);
    for (let i = 0; i < 100; i++) {
      load().kernels.fill(x, 3, i);
      expect(x[2]).toBe(i);
    }
  });
});

describe.runIf(isNative)('the native backend', () => {
  afterEach(() => synchronizeSync());

  it('numbers work by tickets', async () => {
    const before = backend().submitted();
    backend().kernels.fill(floats(1), 1, 2);
    expect(backend().submitted()).toBe(before + 1);
    await backend().wait();
    expect(backend().completed()).toBe(before + 1);
  });

  it('frees memory when told to, and leaves other memory alone', () => {
    const addon = load();
    const buffer = addon.allocate(2 ** 23);
    const view = new Float32Array(buffer);
    // Work that is queued on it still runs.
    addon.kernels.fill(view, view.length, 1);
    expect(addon.free(buffer)).toBe(true);
    expect(view.length).toBe(0);
    expect(addon.free(buffer)).toBe(false);
    const foreign = new ArrayBuffer(8);
    expect(addon.free(foreign)).toBe(false);
    expect(foreign.byteLength).toBe(8);
    for (const wrong of [undefined, null, 1, {}, view]) {
      expect(Reflect.apply(addon.free, undefined, [wrong])).toBe(false);
    }
    synchronizeSync();
  });

  it('tells within the turn which of the objects that it watches are dead', () => {
    const addon = load();
    addon.takeLost();
    const kept = {};
    const watchLost = (): number => addon.watch({});
    const places = [watchLost(), addon.watch(kept), watchLost()];
    const dropped = watchLost();
    expect(new Set([...places, dropped]).size).toBe(4);
    expect(addon.unwatch(dropped)).toBe(true);
    expect(addon.unwatch(dropped)).toBe(false);
    addon.hasCollected();
    collectNow();
    expect(addon.hasCollected()).toBe(true);
    expect(addon.hasCollected()).toBe(false);
    const lost = addon.takeLost();
    expect(lost).toEqual(expect.arrayContaining([places[0], places[2]]));
    expect(lost).not.toContain(places[1]);
    expect(addon.takeLost()).toEqual([]);
    expect(addon.unwatch(places[1] ?? -1)).toBe(true);
    for (const wrong of [-1, 0.5, 2 ** 40, Number.NaN, undefined, 'x', {}]) {
      expect(Reflect.apply(addon.unwatch, undefined, [wrong])).toBe(false);
    }
    for (const wrong of [undefined, null, 1, 'x']) {
      expect(() => Reflect.apply(addon.watch, undefined, [wrong])).toThrow(RangeError);
    }
    expect(kept).toEqual({});
  });

  it('gives memory aligned to cache lines, as large as asked for', () => {
    for (const bytes of [0, 1, 1000, 5 * 2 ** 20]) {
      expect(backend().allocate(bytes).byteLength).toBe(bytes);
    }
    expect(() => backend().allocate(2 ** 52)).toThrow(RangeError);
  });

  const faulty = (): void => {
    const index = integers(1, 10);
    backend().kernels.gather(floats(0, 0), floats(...Array(10).keys()), index, 1, 10, 1, 2);
  };

  it('throws the first index out of range at the next synchronisation, once', async () => {
    const message = 'gather: index 10 is out of range for an axis of size 10';
    faulty();
    expect(() => synchronizeSync()).toThrow(new IndexFaultError(message));
    synchronizeSync();
    faulty();
    await expect(synchronize()).rejects.toThrow(message);
    await synchronize();
  });

  it('works on after a fault', () => {
    const out = floats(0);
    faulty();
    backend().kernels.fill(out, 1, 7);
    expect(() => synchronizeSync()).toThrow(IndexFaultError);
    expect(out[0]).toBe(7);
  });

  it('lets timers run in a loop that awaits nothing but tiny work', async () => {
    const out: NumericArray = floats(0);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const end = performance.now() + 200;
    while (performance.now() < end) {
      backend().kernels.fill(out, 1, 1);
      await synchronize();
    }
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(10);
  });

  it('changes its threads in order with the work around it', () => {
    const { threads } = backendInfo();
    const n = 1 << 18;
    const [x, sum] = [new Float32Array(backend().allocate(4 * n)), floats(0)];
    for (const count of [1, 3, threads]) {
      backend().kernels.fill(x, n, count);
      backend().setNumThreads(count);
      expect(backendInfo().threads).toBe(count);
      backend().kernels.reduce(sum, x, 1, n, 1, ReduceOp.sum);
      synchronizeSync();
      expect(sum[0]).toBe(count * n);
    }
  });
});
