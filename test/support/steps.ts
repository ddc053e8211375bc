import { Session } from 'node:inspector/promises';
import { setFlagsFromString } from 'node:v8';

/**
 * Counts what code does, instead of how long it takes: how often each of its blocks runs, as V8 counts for coverage, and
 * how much the built-in functions are given that go through all of it.
 */

/** What all typed arrays inherit from. */
const TypedArray: object = Object.getPrototypeOf(Uint8Array.prototype);

type Method = (...args: never[]) => unknown;

/** Size of what a built-in function goes through. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  return 0;
}

/** Built-in functions whose work grows with what they return, or with what they are given and called on. */
const BY_RESULT: readonly (readonly [object, readonly string[]])[] = [
  [Array.prototype, ['slice', 'concat', 'splice', 'map', 'filter', 'flat', 'toSorted', 'with']],
  [TypedArray, ['slice']],
  [Buffer, ['concat', 'from']],
  [Object, ['entries', 'keys', 'values']],
  [Array, ['from']],
];
const BY_INPUT: readonly (readonly [object, readonly string[]])[] = [
  [
    String.prototype,
    ['split', 'replace', 'replaceAll', 'match', 'trim', 'toLowerCase', 'normalize'],
  ],
  [
    Array.prototype,
    [
      'join',
      'includes',
      'indexOf',
      'find',
      'findIndex',
      'every',
      'some',
      'reverse',
      'shift',
      'unshift',
      'sort',
    ],
  ],
  [TypedArray, ['every', 'some', 'findIndex']],
  [TextDecoder.prototype, ['decode']],
  [JSON, ['parse', 'stringify']],
  [RegExp.prototype, ['test']],
];

/** Where one of these finds something is how far it has gone. */
const BY_PLACE: readonly (readonly [object, readonly string[]])[] = [
  [String.prototype, ['indexOf', 'includes']],
  [TypedArray, ['indexOf', 'includes']],
];

/** These go through what they are given. */
const BY_ARGUMENT: readonly (readonly [object, readonly string[]])[] = [[TypedArray, ['set']]];

let builtIn = 0;

function watched(): () => void {
  const undo: (() => void)[] = [];
  const wrap = (
    owner: object,
    name: string,
    cost: (self: unknown, args: unknown[], result: unknown) => number,
  ): void => {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    const original: unknown = before?.value;
    if (before === undefined || typeof original !== 'function') {
      throw new Error(`${name} is not here to be watched`);
    }
    const counted = function (this: unknown, ...args: unknown[]): unknown {
      const result: unknown = Reflect.apply(original as Method, this, args);
      builtIn += cost(this, args, result);
      return result;
    };
    Object.defineProperty(owner, name, { ...before, value: counted });
    undo.push(() => Object.defineProperty(owner, name, before));
  };
  for (const [owner, names] of BY_RESULT)
    for (const name of names) wrap(owner, name, (_, __, result) => sizeOf(result));
  for (const [owner, names] of BY_INPUT) {
    for (const name of names) {
      wrap(
        owner,
        name,
        (self, [first], result) =>
          sizeOf(self) + sizeOf(first) + (typeof result === 'string' ? result.length : 0),
      );
    }
  }
  for (const [owner, names] of BY_ARGUMENT) {
    for (const name of names) wrap(owner, name, (_, [first]) => sizeOf(first));
  }
  for (const [owner, names] of BY_PLACE) {
    for (const name of names) {
      wrap(owner, name, (self, [, from], result) => {
        const start = typeof from === 'number' ? from : 0;
        const end = typeof result === 'number' && result >= 0 ? result : sizeOf(self);
        return Math.max(0, end - start);
      });
    }
  }
  return () => {
    for (const each of undo.reverse()) each();
  };
}

/** One for the process: to begin costs more than most work that is counted. */
let session: Session | undefined;

async function begin(): Promise<Session> {
  if (session !== undefined) return session;
  session = new Session();
  session.connect();
  // What V8 has optimised counts less, from a moment on that nobody knows.
  setFlagsFromString('--no-opt');
  setFlagsFromString('--no-sparkplug');
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  return session;
}

/** Steps since this was asked before, in files of `src/` and those that plant faults. */
async function blocksSince(profiler: Session): Promise<number> {
  const { result } = await profiler.post('Profiler.takePreciseCoverage');
  let blocks = 0;
  for (const { url, functions } of result) {
    if (!/\/src\/|planted/.test(url) || url.includes('node_modules')) continue;
    for (const { ranges } of functions) for (const { count } of ranges) blocks += count;
  }
  return blocks;
}

async function countSteps(profiler: Session, work: () => unknown): Promise<number> {
  await blocksSince(profiler);
  builtIn = 0;
  const restore = watched();
  try {
    await work();
  } finally {
    restore();
  }
  return builtIn + (await blocksSince(profiler));
}

/**
 * By how much more steps grow from 2n to 4n than from n to 2n: 2 for work that is linear, a little more for sorting, 4
 * for what is quadratic.
 * @param prepare makes the input of a size, which is not counted, and what is to be done with it
 */
export async function growthOf(
  prepare: (size: number) => (() => unknown) | Promise<() => unknown>,
  size: number,
): Promise<number> {
  const profiler = await begin();
  // What happens once is done before.
  await (await prepare(size))();
  const counts: number[] = [];
  for (const factor of [1, 2, 4]) {
    counts.push(await countSteps(profiler, await prepare(size * factor)));
  }
  const [small = 0, middle = 0, large = 0] = counts;
  return (large - middle) / (middle - small);
}
