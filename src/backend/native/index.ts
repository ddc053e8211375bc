import { BackendError, IndexFaultError } from '../../errors.js';
import type { Backend } from '../kernels/backend.js';
import { MAX_NATIVE_BYTES, type NativeAddon } from './addon.js';
import { defaultThreads } from './threads.js';

/** Names that are kept before those of completed work are dropped. */
const MAX_FAULT_NAMES = 256;

/** What goes with updates that are queued; see {@link Backend.whenLeftOut}. */
class Undo {
  readonly #addon: NativeAddon;
  /** By rising tickets. */
  #entries: { readonly ticket: number; readonly undo: () => void }[] = [];

  constructor(addon: NativeAddon) {
    this.#addon = addon;
  }

  add(undo: () => void): void {
    // In this order: of what is complete, all faults are known.
    const completed = this.#addon.completed();
    const failed = this.#addon.failedTicket();
    const done = failed === 0 ? completed : Math.min(completed, failed);
    const kept = this.#entries.findIndex(({ ticket }) => ticket > done);
    this.#entries.splice(0, kept < 0 ? this.#entries.length : kept);
    this.#entries.push({ ticket: this.#addon.submitted(), undo });
  }

  /** The latest first. */
  after(failed: number): void {
    const entries = this.#entries.reverse();
    this.#entries = [];
    for (const { ticket, undo } of entries) if (ticket > failed) undo();
  }
}

/** Which ops the user has called, where kernels have names of their own; see {@link Backend.faultsAs}. */
class FaultNames {
  readonly #addon: NativeAddon;
  /** Work from one ticket to another, both included; an op around another one comes later. */
  #entries: { readonly first: number; readonly last: number; readonly op: string }[] = [];

  constructor(addon: NativeAddon) {
    this.#addon = addon;
  }

  add(op: string, first: number): void {
    const entries = this.#entries;
    if (entries.length >= MAX_FAULT_NAMES && this.#addon.failedTicket() === 0) {
      const completed = this.#addon.completed();
      this.#entries = entries.filter(({ last }) => last > completed);
    }
    this.#entries.push({ first, last: this.#addon.submitted(), op });
  }

  of(ticket: number): string | null {
    const found = this.#entries.findLast(({ first, last }) => first <= ticket && ticket <= last);
    return found?.op ?? null;
  }
}

/** The backend that the addon computes; see {@link loadAddon}. */
export function nativeBackend(addon: NativeAddon): Backend {
  addon.setNumThreads(defaultThreads());
  const undo = new Undo(addon);
  const names = new FaultNames(addon);

  function throwFault(): void {
    const fault = addon.takeFault();
    if (fault === null) return;
    const { kernel, index, limit, message, ticket } = fault;
    undo.after(ticket);
    if (message !== null) throw new BackendError(`${kernel}: ${message}`);
    throw new IndexFaultError(
      `${names.of(ticket) ?? kernel}: index ${index} is out of range for an axis of size ${limit}`,
    );
  }

  return {
    name: 'native',
    kernels: addon.kernels,
    info() {
      const { exactConvolution, ...rest } = addon.info();
      return {
        name: 'native',
        ...rest,
        convolutionPrecision: exactConvolution ? 'exact' : 'fast',
      };
    },
    setNumThreads: addon.setNumThreads,
    setConvolutionPrecision: (precision) => addon.setExactConvolution(precision === 'exact'),
    convAlgorithm: addon.convAlgorithm,
    prepareConv: addon.prepareConv,
    submitted: addon.submitted,
    completed: addon.completed,
    synchronizeSync() {
      addon.synchronize();
      throwFault();
    },
    spin: addon.spin,
    wait: addon.wait,
    throwFault,
    faultsAs(op, fn) {
      const first = addon.submitted() + 1;
      try {
        return fn();
      } finally {
        names.add(op, first);
      }
    },
    whenLeftOut: (entry) => undo.add(entry),
    // Larger memory is V8's own; kernels work in it one by one.
    allocate: (bytes) =>
      bytes <= MAX_NATIVE_BYTES ? addon.allocate(bytes) : new ArrayBuffer(bytes),
    free: addon.free,
    watch: {
      add: addon.watch,
      remove: addon.unwatch,
      takeLost: addon.takeLost,
      hasCollected: addon.hasCollected,
    },
    scratchBytes: addon.scratchBytes,
  };
}
