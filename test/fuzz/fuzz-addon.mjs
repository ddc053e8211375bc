// Calls the addon directly with random arguments: valid ones, which it must take, and spoilt ones,
// which it must refuse with a typed error or survive. Nothing outside of the arrays may change.
//   node test/fuzz/fuzz-addon.mjs [--calls 100000] [--seed 1]
// AXONODE_ADDON names another build, one with sanitizers for example (npm run test:asan). Each
// instruction set gets its share of the calls, in a worker_thread of its own.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { validCalls } from './calls.mjs';
import { Random } from './random.mjs';

const GUARD = 64; // bytes before and after every array that must stay as they are
const GUARD_BYTE = 0xa5;
const path =
  process.env.AXONODE_ADDON ??
  fileURLToPath(new URL('../../build/Release/axonode.node', import.meta.url));

// ---- From descriptions to values

const oddNumbers = [0, -0, 1, -1, 1e-30, 3e38, Number.NaN, Number.POSITIVE_INFINITY];
const oddIntegers = [0, 1, -1, 2, 7, -(2 ** 31), 2 ** 31 - 1];

function fillArray(random, array, fill) {
  for (let i = 0; i < array.length; i++) {
    if (fill === 'mask') array[i] = random.integer(0, 1);
    else if (typeof fill === 'number' && random.chance(0.99))
      array[i] = random.integer(0, fill - 1);
    else if (!(array instanceof Float32Array)) array[i] = random.pick(oddIntegers);
    else array[i] = random.chance(0.1) ? random.pick(oddNumbers) : random.next() * 2 - 1;
  }
}

/** A buffer with room for guards: the addon's own memory, plain, or shared. */
function newBuffer(addon, random, bytes) {
  const choice = random.next();
  if (choice < 0.5) return addon.allocate(bytes);
  return choice < 0.9 ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes);
}

class Guarded {
  constructor(addon, random, { array: Kind, length, fill }) {
    const bytes = length * Kind.BYTES_PER_ELEMENT;
    // Some arrays end where their memory ends, so that the sanitizer sees what lies beyond.
    const after = random.chance(0.5) ? GUARD : 0;
    const buffer = newBuffer(addon, random, GUARD + bytes + after);
    this.bytes = new Uint8Array(buffer).fill(GUARD_BYTE);
    this.end = GUARD + bytes;
    this.array = new Kind(buffer, GUARD, length);
    fillArray(random, this.array, fill);
  }

  check() {
    if (this.bytes.length === 0) return true; // detached
    const isGuard = (byte) => byte === GUARD_BYTE;
    return (
      this.bytes.subarray(0, GUARD).every(isGuard) && this.bytes.subarray(this.end).every(isGuard)
    );
  }
}

// ---- Spoiling

const notArrays = [
  null,
  undefined,
  3,
  'array',
  {},
  [],
  new DataView(new ArrayBuffer(64)),
  Symbol('s'),
];
const otherKinds = [
  Float64Array,
  Uint8ClampedArray,
  Int8Array,
  Uint32Array,
  Float32Array,
  Int32Array,
];
const notNumbers = [null, undefined, '3', {}, [], 3n, true, Symbol('n'), { valueOf: () => 3 }];
const wrongNumbers = [
  ...[Number.NaN, 1.5, -1, -0.5, -(2 ** 31), 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53],
  ...[-(2 ** 53), 1e300, -1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0],
];

function spoilInteger(random, value) {
  return random.pick([
    value + 1,
    value - 1,
    value * 2,
    -value,
    value * 1000,
    2 ** 31 - 1,
    -(2 ** 31),
  ]);
}

function spoilCopied(random, array) {
  if (random.chance(0.2)) return array.slice(0, random.integer(0, array.length));
  if (random.chance(0.1)) return new array.constructor(random.pick([0, 15, 17, 33, 1000]));
  if (random.chance(0.1)) return random.pick(notArrays);
  const spoilt = array.slice();
  const at = random.integer(0, Math.max(0, spoilt.length - 1));
  const isNumbers = array instanceof Float64Array && random.chance(0.5);
  const wrong = isNumbers ? random.pick(wrongNumbers) : spoilInteger(random, spoilt[at]);
  if (spoilt.length > 0) spoilt[at] = wrong;
  return spoilt;
}

function spoil(random, argument) {
  if ('number' in argument) {
    const value = random.next();
    if (value < 0.2) return { value: random.pick(notNumbers) };
    return {
      number: value < 0.6 ? random.pick(wrongNumbers) : spoilInteger(random, argument.number),
    };
  }
  if ('array' in argument) {
    const length = Math.max(0, argument.length - random.pick([1, 1, argument.length, 8]));
    if (random.chance(0.4)) return { ...argument, length };
    if (random.chance(0.2)) return { ...argument, length, detach: true };
    if (random.chance(0.5)) return { ...argument, array: random.pick(otherKinds) };
    return { value: random.pick(notArrays) };
  }
  if ('copied' in argument) return { value: spoilCopied(random, argument.copied) };
  if ('list' in argument) {
    const list = argument.list.map((length) => Math.max(0, length - random.integer(0, 2)));
    if (random.chance(0.3)) return { list: list.slice(1) };
    if (random.chance(0.3)) return { list, spoiltElement: random.pick(notArrays) };
    if (random.chance(0.3)) return { list: argument.list, detachingGetter: true };
    return random.chance(0.5) ? { list } : { value: random.pick(notArrays) };
  }
  return { value: random.pick(notArrays) };
}

/** Takes a buffer's memory away from its holder, where JavaScript can. */
function detach(buffer) {
  try {
    structuredClone(buffer, { transfer: [buffer] });
  } catch {
    // Shared, or marked as untransferable.
  }
}

// ---- The run

class Fuzzer {
  counts = { ran: 0, refused: 0, faults: 0 };
  #guarded = [];

  constructor(addon, seed) {
    this.addon = addon;
    this.random = new Random(seed);
  }

  #newArray(description) {
    const guarded = new Guarded(this.addon, this.random, description);
    this.#guarded.push(guarded);
    if (description.detach) detach(guarded.array.buffer);
    return guarded.array;
  }

  #value(argument) {
    if ('number' in argument) return argument.number;
    if ('array' in argument) return this.#newArray(argument);
    if ('copied' in argument) return argument.copied;
    if (!('list' in argument)) return argument.value;
    const list = argument.list.map((length) =>
      this.#newArray({ array: Float32Array, length, fill: 'any' }),
    );
    if ('spoiltElement' in argument) list.push(argument.spoiltElement);
    if (argument.detachingGetter && list.length > 0) {
      const last = list.pop();
      const mine = this.#guarded.map((guarded) => guarded.array.buffer);
      Object.defineProperty(list, list.length, {
        get: () => {
          for (const buffer of mine) detach(buffer);
          return last;
        },
      });
    }
    return list;
  }

  call(name) {
    const random = this.random;
    const description = validCalls[name](random, this.addon);
    const valid = random.chance(0.4);
    if (!valid) {
      for (let i = random.integer(1, 2); i > 0; i--) {
        const at = random.integer(0, description.length - 1);
        description[at] = spoil(random, description[at]);
      }
      if (random.chance(0.03)) description.length = random.integer(0, description.length);
      if (random.chance(0.02)) description.push({ number: 1 });
    }
    const values = description.map((argument) => this.#value(argument));
    try {
      const result = this.addon.kernels[name](...values);
      if (result !== undefined) throw new Error(`returned ${result}`);
      this.counts.ran++;
    } catch (error) {
      const typed = error instanceof TypeError || error instanceof RangeError;
      if (valid || !typed || error.code !== 'ERR_KERNEL_ARGUMENT') throw error;
      this.counts.refused++;
    }
    // A caller who takes memory away while its call may be queued.
    if (random.chance(0.05)) {
      for (const value of values) if (ArrayBuffer.isView(value)) detach(value.buffer);
    }
  }

  synchronize() {
    this.addon.synchronize();
    const fault = this.addon.takeFault();
    if (fault?.message) throw new Error(`${fault.kernel}: ${fault.message}`);
    if (fault) this.counts.faults++;
    if (!this.#guarded.every((guarded) => guarded.check())) {
      throw new Error('memory around an array was written');
    }
    this.#guarded = [];
  }

  run(calls) {
    const names = Object.keys(this.addon.kernels);
    const missing = names.filter((name) => !(name in validCalls));
    if (missing.length > 0) throw new Error(`no calls for ${missing.join(', ')}`);
    let name = '';
    let call = 0;
    try {
      for (; call < calls; call++) {
        name = this.random.pick(names);
        this.call(name);
        if (this.random.chance(0.05)) this.synchronize();
      }
      this.synchronize();
    } catch (error) {
      error.message = `call ${call} (of ${name}): ${error.message}`;
      throw error;
    }
    return this.counts;
  }
}

async function inWorker(instructionSet, calls, seed) {
  const env = { ...process.env, AXONODE_ISA: instructionSet };
  const worker = new Worker(new URL(import.meta.url), { env, workerData: { calls, seed } });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the worker ended with code ${code}`)));
  });
}

async function main() {
  const { values } = parseArgs({
    options: {
      calls: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
    },
  });
  const [calls, seed] = [Number(values.calls), Number(values.seed)];
  const share = Math.ceil(calls / 3);
  for (const [i, instructionSet] of ['avx512', 'avx2', 'base'].entries()) {
    const head = `fuzz-addon: ${instructionSet}, seed ${seed}`;
    try {
      const { ran, refused, faults } = await inWorker(instructionSet, share, 3 * seed + i);
      console.log(`${head}: ${ran} calls ran, ${refused} refused, ${faults} index faults`);
    } catch (error) {
      if (!error.message.includes('does not fit this processor')) throw error;
      console.log(`${head}: NOT TESTED, this processor lacks it`);
    }
  }
}

if (isMainThread) {
  await main();
} else {
  const addon = createRequire(import.meta.url)(path);
  parentPort.postMessage(new Fuzzer(addon, workerData.seed).run(workerData.calls));
}
