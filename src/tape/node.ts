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

/** What {@link Node.saved} gives: a getter for each name, which reads the node's value with its checks. */
abstract class SavedValues {
  readonly #node: { read(at: number): Tensor | null };

  constructor(node: { read(at: number): Tensor | null }) {
    this.#node = node;
  }

  protected read(at: number): Tensor | null {
    return this.#node.read(at);
  }
}

/** The names that an op saves, in order, and the class of its saved values. */
interface SavedShape {
  readonly names: readonly string[];
  readonly Values: new (node: { read(at: number): Tensor | null }) => SavedValues;
}

function shapeOf(names: readonly string[]): SavedShape {
  class Values extends SavedValues {
    static {
      for (const [at, name] of names.entries()) {
        Object.defineProperty(Values.prototype, name, {
          get(this: Values): Tensor | null {
            return this.read(at);
          },
        });
      }
    }
  }
  return { names, Values };
}

/** By op: all nodes of an op save the same names. */
const shapes = new WeakMap<object, SavedShape>();
const NO_HANDLES: readonly (Tensor | null)[] = Object.freeze([]);
const NO_VERSIONS: readonly number[] = Object.freeze([]);

let nextId = 0;

/** How many ops were recorded by now: later ones have at least this id. */
export function nodesSoFar(): number {
  return nextId;
}

/** One recorded op: how to get the inputs' gradients from the outputs'. */
export class Node<S extends Saves = Saves, A extends object = object> implements GraphNode {
  readonly op: Op<S, A>;
  readonly inputs: readonly Edge[];
  readonly inputShapes: readonly (Shape | null)[];
  readonly attrs: A;
  readonly id = nextId++;
  readonly graph: Graph;
  grads: (Tensor | null)[] = [];

  #shape: SavedShape | null = null;
  #handles = NO_HANDLES;
  #versions = NO_VERSIONS;
  #isReleased = false;

  constructor(op: Op<S, A>, inputs: readonly (Tensor | null)[], attrs: A, graph: Graph) {
    // Every op of every step comes by here: loops, which are faster than map().
    const edges: Edge[] = [];
    const inputShapes: (Shape | null)[] = [];
    for (const input of inputs) {
      edges.push(edgeOf(input));
      inputShapes.push(input === null ? null : input.shape);
    }
    this.op = op;
    this.inputs = edges;
    this.inputShapes = inputShapes;
    this.attrs = attrs;
    this.graph = graph;
  }

  /** Holds values for the vjp; once, after the outputs know their node, since they may be among them. */
  save(saves: S): void {
    let shape = shapes.get(this.op);
    const handles: (Tensor | null)[] = [];
    const versions: number[] = [];
    let isKnown = shape !== undefined;
    for (const name in saves) {
      if (isKnown && shape?.names[handles.length] !== name) isKnown = false;
      const tensor = saves[name] ?? null;
      handles.push(tensor === null ? null : tensor.saveForTape());
      versions.push(tensor === null ? 0 : tensor.storage.version);
    }
    if (!isKnown || shape?.names.length !== handles.length) {
      shape = shapeOf(Object.keys(saves));
      shapes.set(this.op, shape);
    }
    this.#shape = shape ?? null;
    this.#handles = handles;
    this.#versions = versions;
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
    const values: object = this.#shape === null ? {} : new this.#shape.Values(this);
    // It has a getter for every name of S.
    return values as S;
  }

  /** The value that was saved at a place, checked. */
  read(at: number): Tensor | null {
    if (this.#isReleased) {
      throw new AutogradError(
        `${this.op.name}: its saved values are gone: backward() ran through this graph before. ` +
          'Pass { retainGraph: true } to the first backward(), or detach() what comes from an earlier step.',
      );
    }
    const tensor = this.#handles[at] ?? null;
    if (tensor !== null && tensor.storage.version !== this.#versions[at]) {
      throw new AutogradError(
        `${this.op.name}: a value needed for its gradient was changed in place after the op ran ` +
          '(by an optimiser step or a copyFrom). Compute gradients before changing it, and detach() what a step takes ' +
          'over from the one before, such as a recurrent state.',
      );
    }
    return tensor;
  }

  gradients(grads: Gradients): Gradients {
    return this.op.vjp === null ? [] : this.op.vjp(this, grads);
  }

  releaseSaved(): void {
    for (const tensor of this.#handles) tensor?.dispose();
    this.#handles = NO_HANDLES;
    this.#isReleased = true;
  }
}
