import type { ConvAlgorithm, ConvPass, PreparedConv } from '../kernels/backend.js';
import type { Geometry, Kernels, RuleShape } from '../kernels/index.js';

/** A fault that queued work ran into: an index in its data, or, if there is a message, an exception. */
export interface NativeFault {
  readonly kernel: string;
  readonly index: number;
  readonly limit: number;
  readonly message: string | null;
  /** Of the work that ran into it. */
  readonly ticket: number;
}

/** The exports of the C++ addon (binding/addon.cc), one instance per environment. */
export interface NativeAddon {
  /** Check their arguments, throw TypeError or RangeError with code ERR_KERNEL_ARGUMENT, and enqueue. */
  readonly kernels: Kernels;
  /** Number of parameters of each kernel. */
  readonly arity: Readonly<Record<string, number>>;
  /** How many codes each table of OP_CODES has here. */
  readonly opCounts: Readonly<Record<string, number>>;
  /** INT32_CODES as they are here. */
  readonly int32Codes: Readonly<Record<string, readonly number[]>>;
  /** RULE_SHAPES as they are here. */
  readonly ruleShapes: readonly RuleShape[];
  submitted(): number;
  completed(): number;
  /** Blocks until all submitted work is complete. */
  synchronize(): void;
  /** Looks for completion for up to so many microseconds; true if all work is complete. */
  spin(microseconds: number): boolean;
  wait(): Promise<void>;
  /** The first fault among completed work since the last call, or null. */
  takeFault(): NativeFault | null;
  /** Its ticket, or 0: looks without taking it. */
  failedTicket(): number;
  /** Memory that stays alive while queued work uses it; at most {@link MAX_NATIVE_BYTES}. */
  allocate(bytes: number): ArrayBuffer;
  /** See {@link Backend.free}; false, and nothing has happened, for a buffer of another origin. */
  free(buffer: ArrayBuffer): boolean;
  /** See {@link HolderWatch}. */
  watch(holder: object): number;
  /** False if nothing is watched at this place. */
  unwatch(place: number): boolean;
  takeLost(): number[];
  hasCollected(): boolean;
  scratchBytes(): number;
  /** From 1 to {@link MAX_THREADS}. */
  setNumThreads(threads: number): void;
  /** Leaves Winograd's algorithms out of convolutions from now on. */
  setExactConvolution(exact: boolean): void;
  /** Throws as kernels do. */
  convAlgorithm(pass: ConvPass, geometry: Geometry): ConvAlgorithm;
  /** Throws as kernels do. */
  prepareConv(geometry: Geometry): PreparedConv;
  info(): {
    readonly instructionSet: string;
    readonly blas: string;
    readonly blasCore: string;
    readonly threads: number;
    readonly synchronous: boolean;
    readonly exactConvolution: boolean;
  };
}

/** Largest single allocation of the addon: Node's limit for external memory. */
export const MAX_NATIVE_BYTES = 2 ** 32;
export const MAX_THREADS = 256;
