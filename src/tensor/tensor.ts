import { backend, synchronize } from '../backend/select.js';
import { AutogradError, DisposedError, ShapeError } from '../errors.js';
import { bytesPerElement, type DType, newArray, type TypedArray } from './dtype.js';
import { format } from './format.js';
import { Owned, ownedIn } from './owned.js';
import { allocate } from './pool.js';
import { adopt } from './scope.js';
import { dim, formatShape, type Shape, sizeOf } from './shape.js';
import type { Storage } from './storage.js';

/** The op that computed a tensor, as far as tensors know of it; the tape makes them. */
export interface TensorNode {
  readonly op: { readonly name: string };
  readonly graph: TensorGraph;
}

/** What keeps computed tensors until backward() has consumed them; the tape makes them. */
export interface TensorGraph {
  own(tensor: Tensor): void;
  /** True once backward() has run through it without retaining it. */
  isConsumed(): boolean;
}

/** Who lends a tensor that is freed when the next one is asked for. */
const lent = new WeakMap<Tensor, string>();

/** Notes that the tensors in a value are on loan, for the message when they are used afterwards. @internal */
export function markLent(value: unknown, lender: string): void {
  for (const each of ownedIn(value)) if (each instanceof Tensor) lent.set(each, lender);
}

/** True for a tensor that somebody lends. @internal */
export function isLent(tensor: Tensor): boolean {
  return lent.has(tensor);
}

let writes = 0;

/** How often a tensor was changed in place by now. @internal */
export function writesSoFar(): number {
  return writes;
}

/** Finds the field of a module that holds a tensor, for messages. */
let fieldOf: (tensor: Tensor) => string | null = () => null;

/** Has messages say which field holds a tensor whose memory is gone. @internal */
export function nameFieldsBy(find: (tensor: Tensor) => string | null): void {
  fieldOf = find;
}

/** A {@link BatchWeight} that the queue computes. */
export interface QueuedWeight {
  /** A scalar. */
  readonly divisor: Tensor;
  /** A number of its size. */
  readonly about: number;
  /** True if the loss has gradients that are NaN where the divisor is 0, unless a gradient of 0 flows into it. */
  readonly canVanish: boolean;
}

/**
 * What the loss of a batch was divided by, so that the losses of several batches can be made that of all their samples;
 * `sum` if by nothing.
 */
export type BatchWeight = number | 'sum' | QueuedWeight;

/** How the elements of a 4-D image tensor lie in memory. Seen from outside it is always NCHW. */
export type Layout = 'rowMajor' | 'channelsLast';

/**
 * A multi-dimensional array, row-major, with automatic differentiation. A tensor is a handle of a shared,
 * refcounted storage; views such as `reshape` share it. Work on tensors is queued (native backend), and
 * reading waits for it: `await t.data()` without blocking the event loop, `t.dataSync()` blocking.
 *
 * Memory is given back by modules, graphs and scopes; see {@link scope}, {@link Tensor.keep} and
 * {@link Tensor.dispose} for the rare case that you want a say.
 *
 * The methods for ops (`add`, `matmul`, ...) are those of the functions of the same names.
 */
export class Tensor extends Owned {
  readonly shape: Shape;
  /** Number of elements. */
  readonly size: number;
  readonly dtype: DType;
  /** The accumulated gradient of a leaf, after `backward()`; null before. */
  grad: Tensor | null = null;

  /** What messages call it: the name of a parameter in its model, once the model was asked for it. @internal */
  label: string | null = null;
  /** The op that made it, when recorded. @internal */
  node: TensorNode | null = null;
  /** Which of the node's outputs it is. @internal */
  outputIndex = 0;
  /** The graph of a past step that this leaf took part in, to be let go of at its next use. @internal */
  finishedGraph: TensorGraph | null = null;
  /** Of a loss, or a mean over all elements, as the function that made it returned it. Freed with it. @internal */
  batchWeight: BatchWeight | null = null;

  /** For a leaf that the tape saved: the leaf itself, where its gradient goes. */
  #leaf: Tensor | null = null;
  #storage: Storage | null;
  readonly #offset: number;
  readonly #layout: Layout;
  #requiresGrad = false;

  /** Takes over one reference of the storage. Use {@link tensor}, {@link zeros} and the like. @internal */
  constructor(
    storage: Storage,
    shape: Shape,
    dtype: DType,
    offset = 0,
    layout: Layout = 'rowMajor',
  ) {
    super();
    this.#storage = storage;
    this.shape = shape;
    this.size = sizeOf(shape);
    this.dtype = dtype;
    this.#offset = offset;
    this.#layout = layout;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** True for tensors that gradients are computed for: leaves that say so, and whatever depends on them. */
  get requiresGrad(): boolean {
    return this.#requiresGrad || this.node !== null;
  }

  set requiresGrad(value: boolean) {
    if (this.node !== null) {
      throw new AutogradError(
        'requiresGrad: only leaves can be changed; use detach() to cut a computed tensor from its graph',
      );
    }
    if (value && this.dtype !== 'float32' && this.dtype !== 'float64') {
      throw new AutogradError(
        `requiresGrad: only floating tensors have gradients, this is ${this.dtype}`,
      );
    }
    this.#requiresGrad = value;
  }

  /** True unless an op that was recorded made it. */
  get isLeaf(): boolean {
    return this.node === null;
  }

  /** True once its memory was given back. */
  get isDisposed(): boolean {
    return this.#storage === null;
  }

  /** @internal */
  get storage(): Storage {
    if (this.#storage === null) throw this.#disposedError();
    return this.#storage;
  }

  /** @internal */
  get layout(): Layout {
    return this.#layout;
  }

  /** @internal */
  get offset(): number {
    return this.#offset;
  }

  #disposedError(): DisposedError {
    const name = this.label ?? fieldOf(this);
    const what = `a tensor of shape ${formatShape(this.shape)}`;
    const gone = `${name === null ? '' : `${name}, `}${what} was used after its memory was given back`;
    const lender = lent.get(this);
    if (lender !== undefined) {
      return new DisposedError(
        `${gone}: it was on loan from a ${lender}, until the next one was asked for. Call keep() on the tensors that ` +
          'you need for longer, before that, and dispose() when you are done with them.',
      );
    }
    if (this.node?.graph.isConsumed()) {
      return new DisposedError(
        `${gone}: backward() has consumed the graph that it belongs to, and the next step has begun. ` +
          'Call keep() on what you only look at later. What a step takes over from the one before, such as a ' +
          'recurrent state, has to be cut from its graph: state = state.detach().',
      );
    }
    return new DisposedError(
      `${gone}: by dispose(), at the end of its scope, noGrad or forward, or by the step after backward(). ` +
        'Return it, call keep() on it, or detach() it before.',
    );
  }

  /**
   * The elements as stored, in the order of {@link layout}, at least `size` of them. Reading or writing them
   * needs synchronisation; kernels do not. @internal
   */
  get raw(): TypedArray {
    const storage = this.storage;
    const view = storage.view(this.dtype);
    if (this.#offset === 0) return view;
    return storage.holding(view.subarray(this.#offset, this.#offset + this.size));
  }

  /** Notes a change in place, so that the tape refuses what it saved before. @internal */
  markWritten(): void {
    this.storage.version++;
    writes++;
  }

  /** Another handle of the same storage, with its own shape, as part of no graph. @internal */
  share(shape: Shape, offset = this.#offset, layout: Layout = this.#layout): Tensor {
    const view = new Tensor(this.storage.retain(), shape, this.dtype, offset, layout);
    adopt(view);
    return view;
  }

  /** A handle for the tape: same storage, same place in the graph, owned by no context. @internal */
  saveForTape(): Tensor {
    const saved = new Tensor(
      this.storage.retain(),
      this.shape,
      this.dtype,
      this.#offset,
      this.#layout,
    );
    saved.node = this.node;
    saved.outputIndex = this.outputIndex;
    saved.#requiresGrad = this.#requiresGrad;
    if (this.#requiresGrad) saved.#leaf = this.leaf;
    return saved;
  }

  /** The leaf that collects this leaf's gradient: itself, unless the tape made this handle. @internal */
  get leaf(): Tensor {
    return this.#leaf ?? this;
  }

  /** The same values cut from the graph: no gradient flows back. Shares memory; outlives its graph. */
  detach(): Tensor {
    return this.share(this.shape);
  }

  /** Keeps this tensor alive past its graph, scope, noGrad or forward, until dispose(). */
  keep(): this {
    this.kept = true;
    return this;
  }

  /** Gives the memory back now (to the pool, once the last view and gradient have let go, too). */
  override dispose(): void {
    const storage = this.#storage;
    if (storage === null) return;
    this.#storage = null;
    storage.release();
    if (typeof this.batchWeight === 'object') this.batchWeight?.divisor.dispose();
  }

  /** `using t = ...` disposes at the end of the block. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal */
  override leaveContexts(): void {
    this.node?.graph.own(this);
  }

  /** Elements in row-major order, copied. Waits for queued work without blocking the event loop. */
  async data(): Promise<TypedArray> {
    const source = this.#rowMajorShare();
    try {
      await synchronize();
      return source.#copyOut();
    } finally {
      source.dispose();
    }
  }

  /** As {@link data}, blocking. */
  dataSync(): TypedArray {
    const source = this.#rowMajorShare();
    try {
      backend().synchronizeSync();
      return source.#copyOut();
    } finally {
      source.dispose();
    }
  }

  /** The only element of a tensor of size 1. */
  async item(): Promise<number> {
    this.#checkSingle();
    const storage = this.storage.retain();
    try {
      await synchronize();
      return storage.view(this.dtype)[this.#offset] ?? Number.NaN;
    } finally {
      storage.release();
    }
  }

  /** As {@link item}, blocking. */
  itemSync(): number {
    this.#checkSingle();
    const view = this.storage.view(this.dtype);
    backend().synchronizeSync();
    return view[this.#offset] ?? Number.NaN;
  }

  #checkSingle(): void {
    if (this.size !== 1) {
      throw new ShapeError(
        `item: ${formatShape(this.shape)} has ${this.size} elements, expected 1`,
      );
    }
  }

  /** A handle of its own, converted if need be, so that the data outlives this one while it waits. */
  #rowMajorShare(): Tensor {
    if (this.#layout === 'rowMajor') {
      return new Tensor(this.storage.retain(), this.shape, this.dtype, this.#offset);
    }
    return copyToRowMajor(this);
  }

  #copyOut(): TypedArray {
    const copy = newArray(this.dtype, this.size, "a copy of a tensor's elements");
    copy.set(this.storage.view(this.dtype).subarray(this.#offset, this.#offset + this.size));
    return copy;
  }

  /** Prints like NumPy; waits for the data, blocking. */
  override toString(): string {
    if (this.isDisposed) return `Tensor(disposed, shape=${formatShape(this.shape)})`;
    const gradient = this.node
      ? `, node=${this.node.op.name}`
      : this.requiresGrad
        ? ', requiresGrad'
        : '';
    const suffix = `shape=${formatShape(this.shape)}, dtype=${this.dtype}${gradient}`;
    return `Tensor(${format(this.dataSync(), this.shape, 7)}, ${suffix})`;
  }

  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/**
 * A new tensor with unset contents, owned by the innermost context, if any. Recycled memory is dirty: whoever
 * calls this fills it. @internal
 */
export function empty(shape: Shape, dtype: DType, layout: Layout = 'rowMajor'): Tensor {
  const storage = allocate(sizeOf(shape) * bytesPerElement(dtype));
  const made = new Tensor(storage, shape, dtype, 0, layout);
  adopt(made);
  return made;
}

function transposeInto(out: Tensor, x: Tensor, rows: number, cols: number): Tensor {
  backend().kernels.transpose(out.raw, x.raw, dim(x.shape, 0), rows, cols);
  return out;
}

/** [N, H·W, C] in memory -> [N, C, H·W], as a tensor that no context owns. */
function copyToRowMajor(x: Tensor): Tensor {
  const out = new Tensor(allocate(x.size * bytesPerElement(x.dtype)), x.shape, x.dtype);
  return transposeInto(out, x, dim(x.shape, 2) * dim(x.shape, 3), dim(x.shape, 1));
}

/** True when both layouts are the same order of elements, so that no copy is needed. */
function isLayoutFree(shape: Shape): boolean {
  return dim(shape, 1) === 1 || dim(shape, 2) * dim(shape, 3) === 1;
}

/**
 * x in a layout: itself, a view, or a copy. Let go of a copy or view early with {@link releaseTemporary}. Not
 * recorded: the layout is no part of a tensor's value. @internal
 */
export function inLayout(x: Tensor, layout: Layout): Tensor {
  if (x.layout === layout) return x;
  if (isLayoutFree(x.shape)) return x.share(x.shape, x.offset, layout);
  if (layout === 'rowMajor') {
    const out = copyToRowMajor(x);
    adopt(out);
    return out;
  }
  const out = empty(x.shape, x.dtype, layout);
  return transposeInto(out, x, dim(x.shape, 1), dim(x.shape, 2) * dim(x.shape, 3));
}

/** x in row-major order; see {@link inLayout}. @internal */
export function rowMajor(x: Tensor): Tensor {
  return x.layout === 'rowMajor' ? x : inLayout(x, 'rowMajor');
}

/** Lets go of what {@link inLayout} made of `original`. Queued kernels may still read it. @internal */
export function releaseTemporary(temporary: Tensor, original: Tensor): void {
  if (temporary !== original) temporary.dispose();
}
