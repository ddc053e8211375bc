import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { ArgumentError, BackendError } from '../errors.js';
import { terminalText } from '../terminal.js';
import { VERSION } from '../version.js';
import type { Backend, BackendInfo, BackendName, ConvolutionPrecision } from './kernels/backend.js';
import type { Kernels } from './kernels/index.js';
import { MAX_THREADS, type NativeAddon } from './native/addon.js';
import { nativeBackend } from './native/index.js';
import { loadAddon } from './native/load.js';
import { tsBackend } from './ts/index.js';

let current: Backend | null = null;
let native: Backend | null = null;
let whyNotNative: string | null = null;
/** As set; null until then: what AXONODE_EXACT_CONV says. */
let convolutionPrecision: ConvolutionPrecision | null = null;

function precisionAtStart(): ConvolutionPrecision {
  const asked = process.env.AXONODE_EXACT_CONV || '0';
  if (asked === '0' || asked === '1') return asked === '1' ? 'exact' : 'fast';
  throw new BackendError(`AXONODE_EXACT_CONV=${asked}: expected 1 or 0`);
}

let loaded: NativeAddon | null = null;

/** The addon. One that was built from other sources than this code would compute something else. */
function addon(): NativeAddon {
  if (loaded !== null) return loaded;
  const found = loadAddon();
  const ours = Object.entries(tsBackend.kernels);
  const fits = ours.every(([name, kernel]) => found.arity[name] === kernel.length);
  if (!fits || ours.length !== Object.keys(found.arity).length) {
    throw new BackendError(
      `the native addon is not of this version of axonode, ${VERSION}; build it anew, or set AXONODE_ADDON to the right one`,
    );
  }
  loaded = found;
  return found;
}

function openNative(): Backend {
  if (native === null) {
    const opened = nativeBackend(addon());
    opened.setConvolutionPrecision(convolutionPrecision ?? precisionAtStart());
    native = opened;
  }
  return native;
}

/** Native if it loads; else the TypeScript backend, and one line says why. */
function best(): Backend {
  try {
    addon();
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    whyNotNative = error.message;
    const message = terminalText(error.message);
    process.stderr.write(`axonode: using the slower TypeScript backend: ${message}\n`);
    return tsBackend;
  }
  return openNative();
}

function open(name: string, source: string): Backend {
  if (name === 'native') return openNative();
  if (name === 'ts') return tsBackend;
  throw new BackendError(`${source}: there is no backend '${name}', expected 'native' or 'ts'`);
}

function choose(): Backend {
  const asked = process.env.AXONODE_BACKEND;
  current = asked ? open(asked, 'AXONODE_BACKEND') : best();
  return current;
}

/** The backend in use. The first call chooses it, by AXONODE_BACKEND or by what loads. @internal */
export function backend(): Backend {
  return current ?? choose();
}

/** The kernels of the backend in use. @internal */
export function kernels(): Kernels {
  return (current ?? choose()).kernels;
}

/**
 * Switches to another backend, after all work on the present one is done. Tensors made before keep their
 * values and can be used on, but memory is at its best on the backend that made it.
 * @param name 'native' or 'ts'
 * @throws BackendError if there is no such backend or if it does not load
 */
export function setBackend(name: BackendName): void {
  const next = open(name, 'setBackend');
  current?.synchronizeSync();
  current = next;
}

/** Which backend runs, with what libraries and threads, and why not the native one if it does not. */
export function backendInfo(): BackendInfo {
  return { ...backend().info(), version: VERSION, whyNotNative };
}

/**
 * Sets how many threads kernels use from now on; at the start it is one for each processor core, or what
 * AXONODE_NUM_THREADS says. The TypeScript backend always has one.
 * @param threads an integer from 1 to 256
 */
export function setNumThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    throw new ArgumentError(
      `setNumThreads: threads is ${threads}, expected an integer from 1 to ${MAX_THREADS}`,
    );
  }
  backend().setNumThreads(threads);
}

/**
 * Chooses between two ways to compute 3x3 convolutions of stride 1 on the native backend. 'fast', the default,
 * takes Winograd's algorithms (Lavin and Gray, "Fast algorithms for convolutional neural networks", 2015): a
 * quarter of the products, with rounding errors ten times larger, all the same far below what training notices.
 * 'exact' sums the products as they are, in float32. The TypeScript backend is always exact. Applies to work
 * submitted from now on, also after a {@link setBackend}; `backendInfo()` shows it. At the start AXONODE_EXACT_CONV=1
 * asks for 'exact'.
 * @param precision 'fast' or 'exact'
 * @throws ArgumentError for any other value
 */
export function setConvolutionPrecision(precision: ConvolutionPrecision): void {
  if (precision !== 'fast' && precision !== 'exact') {
    throw new ArgumentError(
      `setConvolutionPrecision: precision is ${String(precision)}, expected 'fast' or 'exact'`,
    );
  }
  convolutionPrecision = precision;
  native?.setConvolutionPrecision(precision);
}

/**
 * Waiting through the event loop costs about 100 µs, so tiny work is waited for on the spot; but looking takes a core
 * from the kernels, so not when the work before took longer than a wait that looking would have saved.
 */
const SPIN_MICROSECONDS = 50;
const LONG_WAIT_MILLISECONDS = 0.5;
/** How long a loop that awaits nothing but tiny work may go on without letting timers and I/O run. */
const MAX_MILLISECONDS_WITHOUT_YIELD = 2;

let lastYield = 0;
let lastWaitWasLong = false;

/**
 * Waits until all work submitted so far is complete, without blocking the event loop.
 * @throws IndexFaultError if an index in a tensor's data was out of range
 * @throws BackendError if a kernel failed, for want of memory for example
 */
export async function synchronize(): Promise<void> {
  const waiting = backend();
  if (lastWaitWasLong || !waiting.spin(SPIN_MICROSECONDS)) {
    const start = performance.now();
    await waiting.wait();
    lastYield = performance.now();
    lastWaitWasLong = lastYield - start > LONG_WAIT_MILLISECONDS;
  } else if (performance.now() - lastYield > MAX_MILLISECONDS_WITHOUT_YIELD) {
    await setImmediate();
    lastYield = performance.now();
  }
  waiting.throwFault();
}

/** As {@link synchronize}, but blocks the event loop. */
export function synchronizeSync(): void {
  backend().synchronizeSync();
}
