import type { Geometry, Kernels } from './index.js';

export type BackendName = 'native' | 'ts';

/** Whether convolutions may take Winograd's algorithms; see `setConvolutionPrecision`. */
export type ConvolutionPrecision = 'fast' | 'exact';

/** Ways to compute a pass of a convolution. docs/convolution.md says what each is and when it is taken. */
export type ConvAlgorithm =
  | 'direct'
  | 'scatter'
  | 'depthwise'
  | 'winograd4'
  | 'winograd2'
  | 'im2col';

/** How a backend prepares a convolution's weights for `conv2dPacked`. */
export interface PreparedConv {
  /** Elements that the prepared weights take. */
  readonly elements: number;
  /** Names their order to `packConv2d` and `conv2dPacked`; means nothing to anyone else. */
  readonly format: number;
}

/** The passes of a convolution: y from x, dx from dy, dw from dy and x. */
export const ConvPass = { forward: 0, inputGrad: 1, weightGrad: 2 } as const;
export type ConvPass = (typeof ConvPass)[keyof typeof ConvPass];

/** What {@link Backend.info} tells of the machine and of the libraries behind a backend. */
export interface BackendInfo {
  /** The backend that runs. */
  readonly name: BackendName;
  /** Version of this library. */
  readonly version: string;
  /** Threads that kernels may use. */
  readonly threads: number;
  /** Instruction set of the kernels: 'avx512', 'avx2', 'base', or 'js'. */
  readonly instructionSet: string;
  /** The BLAS library's own configuration string, or 'none'. */
  readonly blas: string;
  /** The processor core that BLAS tuned itself for, or 'none'. */
  readonly blasCore: string;
  /** 'fast' when convolutions may take Winograd's algorithms, of which the TypeScript backend has none. */
  readonly convolutionPrecision: ConvolutionPrecision;
  /** True when AXONODE_SYNC=1 runs native work inline. */
  readonly synchronous: boolean;
  /** Why the native backend does not run; null when it does, or was not asked for. */
  readonly whyNotNative: string | null;
}

/**
 * Tells which objects the garbage collector has found dead, and tells it at once: WeakRef and FinalizationRegistry wait
 * until the turn of the event loop ends, which a loop without `await` never does.
 */
export interface HolderWatch {
  /** Begins to watch an object; its place, an integer that no other watched object has. */
  add(holder: object): number;
  /** Ends it. */
  remove(place: number): void;
  /** The places of those that died since the last call, watched no more. */
  takeLost(): readonly number[];
  /** True once after V8 has collected, be it only the young generation. */
  hasCollected(): boolean;
}

/**
 * A backend: kernels and the stream that they run on. Work is numbered by tickets in the order of its
 * submission; on the TypeScript backend it is complete as soon as the call returns.
 */
export interface Backend {
  readonly name: BackendName;
  readonly kernels: Kernels;
  info(): Omit<BackendInfo, 'version' | 'whyNotNative'>;
  /** Threads for kernels from now on, at least 1. The TypeScript backend has one always. */
  setNumThreads(threads: number): void;
  /** For convolutions from now on. The TypeScript backend is always exact. */
  setConvolutionPrecision(precision: ConvolutionPrecision): void;
  /** The algorithm that a pass takes by the settings of the moment. */
  convAlgorithm(pass: ConvPass, geometry: Geometry): ConvAlgorithm;
  /** How the weights of a convolution are best prepared, by the settings of the moment. */
  prepareConv(geometry: Geometry): PreparedConv;
  /** Ticket of the last piece of work submitted. */
  submitted(): number;
  /** Ticket of the last piece of work completed. */
  completed(): number;
  /** Blocks until all submitted work is complete; throws a recorded fault. */
  synchronizeSync(): void;
  /** Waits up to the given microseconds without yielding; true if all work is complete. Throws no fault. */
  spin(microseconds: number): boolean;
  /** Resolves when all work submitted by now is complete, without blocking the event loop. Throws no fault. */
  wait(): Promise<void>;
  /** Throws, and forgets, the first fault recorded by completed work. */
  throwFault(): void;
  /** Runs `fn`, and has faults of the kernels that it calls name an op, rather than the kernel. */
  faultsAs<T>(op: string, fn: () => T): T;
  /**
   * Kernels leave updates in place out from a fault on until it is thrown. Calls `undo` then, before the throw, if
   * the update that was submitted last is such a one: for what goes with it on the host, such as a count of steps.
   */
  whenLeftOut(undo: () => void): void;
  /**
   * Fresh memory for the pool, contents undefined; throws a RangeError when there is none. The native
   * backend aligns it to cache lines, asks for huge pages and keeps it alive for queued work. Kernels
   * take arrays over any other memory, too, but on the native backend such a call waits until it is done.
   */
  allocate(bytes: number): ArrayBuffer;
  /**
   * Gives memory back to the system as soon as queued work has passed; arrays over it are empty from now on. Where
   * this does nothing, V8 does it, once it has collected the last array.
   */
  free(buffer: ArrayBuffer): void;
  /** Tells which holders of memory are dead; null where V8 frees their memory in the turn that collects them. */
  readonly watch: HolderWatch | null;
  /** Bytes of scratch memory held by kernels. */
  scratchBytes(): number;
}
