import { AutogradError } from '../errors.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor, TensorNode } from '../tensor/tensor.js';
import type { Graph } from './graph.js';

/** What an op keeps for its gradient, by name; null for an optional operand that was not given. */
export type Saves = Readonly<Record<string, Tensor | null>>;

/** Nothing: of an op that saves nothing, or has no attributes. */
export type Nothing = Readonly<Record<never, never>>;

/** Gradients of the inputs, in their order; null for inputs without one. */
export type Gradients = readonly (Tensor | null)[];

/**
 * An op as the tape and its observers know it.
 * @typeParam S what it saves for its gradient, by name
 * @typeParam A its attributes, in the user's terms: kernel size, padding, axis
 */
export interface Op<S extends Saves = Nothing, A extends object = Nothing> {
  readonly name: string;
  /**
   * The gradient rule, from the gradients of the outputs (null: that output was not used) to those of the inputs.
   * A gradient may have the output's broadcast shape: the walker sums it. Null for ops without a gradient.
   */
  readonly vjp: ((node: Node<S, A>, grads: Gradients) => Gradients) | null;
}

/** A recorded op as the walker sees it, whatever it saves. */
export interface GraphNode extends TensorNode {
  readonly inputs: readonly Edge[];
  readonly inputShapes: readonly (Shape | null)[];
  /** Rising in the order of recording, which is a topological order. */
  readonly id: number;
  readonly graph: Graph;
  /** Gradients of the outputs while backward() runs. */
  grads: (Tensor | null)[];
  gradients(grads: Gradients): Gradients;
  /** Frees the saved values. */
  releaseSaved(): void;
}

/** Where the gradient of an input goes: on to the node that made it, or to a leaf, or nowhere. */
export type Edge =
  | { readonly node: GraphNode; readonly outputIndex: number }
  | { readonly leaf: Tensor }
  | null;

/** The node that computed a tensor; null for leaves. Only the tape sets it. */
export function nodeOf(tensor: Tensor): GraphNode | null {
  return tensor.node as GraphNode | null;
}

function edgeOf(tensor: Tensor | null): Edge {
  if (tensor === null) return null;
  const node = nodeOf(tensor);
  if (node !== null) return { node, outputIndex: tensor.outputIndex };
  return tensor.requiresGrad ? { leaf: tensor.leaf } : null;
}

/** Reads saved values by name, with the checks of {@link Node.read}. */
interface Reader {
  readonly names: readonly string[];
  readonly open: (read: (at: number) => Tensor | null) => object;
}

function readerOf(names: readonly string[]): Reader {
  class Saved {
    readonly #read: (at: number) => Tensor | null;

    constructor(read: (at: number) => Tensor | null) {
      this.#read = read;
    }

    static {
      for (const [at, name] of names.entries()) {
        Object.defineProperty(Saved.prototype, name, {
          get(this: Saved): Tensor | null {
            return this.#read(at);
          },
        });
      }
    }
  }
  return { names, open: (read) => new Saved(read) };
}

/** By op: all nodes of an op save the same names. */
const readers = new WeakMap<object, Reader>();

let nextId = 0;

/** One recorded op: how to get the inputs' gradients from the outputs'. */
export class Node<S extends Saves = Saves, A extends object = object> implements GraphNode {
  readonly op: Op<S, A>;
  readonly inputs: readonly Edge[];
  readonly inputShapes: readonly (Shape | null)[];
  readonly attrs: A;
  readonly id = nextId++;
  readonly graph: Graph;
  grads: (Tensor | null)[] = [];

  #names: readonly string[] = [];
  #handles: (Tensor | null)[] = [];
  #versions: number[] = [];
  #isReleased = false;

  constructor(op: Op<S, A>, inputs: readonly (Tensor | null)[], attrs: A, graph: Graph) {
    this.op = op;
    this.inputs = inputs.map(edgeOf);
    this.inputShapes = inputs.map((input) => input?.shape ?? null);
    this.attrs = attrs;
    this.graph = graph;
  }

  /** Holds values for the vjp; once, after the outputs know their node, since they may be among them. */
  save(saves: S): void {
    this.#names = Object.keys(saves);
    for (const name of this.#names) {
      const tensor = saves[name] ?? null;
      this.#handles.push(tensor === null ? null : tensor.saveForTape());
      this.#versions.push(tensor === null ? 0 : tensor.storage.version);
    }
  }

  /** Whether an input wants a gradient. */
  get needs(): (i: number) => boolean {
    return (i) => (this.inputs[i] ?? null) !== null;
  }

  /**
   * What the op saved, by name.
   * @throws AutogradError when one is read that was freed by an earlier backward(), or changed in place since
   */
  get saved(): S {
    let reader = readers.get(this.op);
    if (reader === undefined || !isSame(reader.names, this.#names)) {
      reader = readerOf(this.#names);
      readers.set(this.op, reader);
    }
    // It has a getter for every name of S.
    return reader.open((at) => this.#read(at)) as S;
  }

  #read(at: number): Tensor | null {
    if (this.#isReleased) {
      throw new AutogradError(
        `${this.op.name}: its saved values are gone: backward() ran through this graph before. ` +
          'Pass { retainGraph: true } to the first backward().',
      );
    }
    const tensor = this.#handles[at] ?? null;
    if (tensor !== null && tensor.storage.version !== this.#versions[at]) {
      throw new AutogradError(
        `${this.op.name}: a value needed for its gradient was changed in place after the op ran ` +
          '(by an optimiser step or a copyFrom). Compute gradients before changing it.',
      );
    }
    return tensor;
  }

  gradients(grads: Gradients): Gradients {
    return this.op.vjp === null ? [] : this.op.vjp(this, grads);
  }

  releaseSaved(): void {
    for (const tensor of this.#handles) tensor?.dispose();
    this.#handles = [];
    this.#isReleased = true;
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}
