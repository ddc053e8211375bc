import { AutogradError } from '../errors.js';
import { currentContext, isRecording } from '../tensor/scope.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** The gradient rule of an op. */
export interface Op<A = unknown> {
  readonly name: string;
  /**
   * Gradients of the inputs, in their order, from those of the outputs (null: that output was not used).
   * null for inputs without gradient. A gradient may have the output's broadcast shape: the walker sums it.
   */
  vjp(node: Node<A>, grads: readonly (Tensor | null)[]): readonly (Tensor | null)[];
}

/** Where the gradient of an input goes: on to the node that made it, or to a leaf, or nowhere. */
export type Edge =
  | { readonly node: Node; readonly outputIndex: number }
  | { readonly leaf: Tensor }
  | null;

/**
 * All nodes that are connected, and the handles of the tensors computed outside of modules along the way.
 * `backward()` finishes a graph; the first op recorded after it that uses one of its leaves releases it. Losses
 * live for one graph longer: a GAN's are often read after the other player's step, which uses the same leaves.
 */
export class Graph {
  #owned: Tensor[] = [];
  #losses: Tensor[] = [];
  #earlierLosses: Tensor[] = [];
  #mergedInto: Graph | null = null;
  /** True once backward() has consumed it. */
  consumed = false;

  /** The graph that this one has become part of. */
  root(): Graph {
    let graph: Graph = this;
    while (graph.#mergedInto !== null) graph = graph.#mergedInto;
    return graph;
  }

  own(tensor: Tensor): void {
    this.root().#owned.push(tensor);
  }

  /** Joins two graphs that an op has connected. */
  merge(other: Graph): Graph {
    let a = this.root();
    let b = other.root();
    if (a === b) return a;
    if (a.#owned.length < b.#owned.length) [a, b] = [b, a];
    for (const tensor of b.#owned) a.#owned.push(tensor);
    a.#losses.push(...b.#losses);
    a.#earlierLosses.push(...b.#earlierLosses);
    b.#owned = [];
    b.#losses = [];
    b.#earlierLosses = [];
    b.#mergedInto = a;
    a.consumed ||= b.consumed;
    return a;
  }

  /** Consumes it, by a backward() that began at a loss, if it did. */
  finish(loss: Tensor | null): void {
    const graph = this.root();
    graph.consumed = true;
    if (loss?.size === 1) graph.#losses.push(loss);
  }

  /** Lets go of every tensor that it owns, but for its losses, which the graph of the next step, if any, takes over. */
  release(next: Graph | null = null): void {
    const graph = this.root();
    const losses = next === null ? [] : graph.#losses;
    for (const tensor of graph.#owned) {
      if (!tensor.kept && !losses.includes(tensor)) tensor.dispose();
    }
    for (const loss of graph.#earlierLosses) if (!loss.kept) loss.dispose();
    if (next !== null) next.root().#earlierLosses.push(...losses);
    graph.#owned = [];
    graph.#losses = [];
    graph.#earlierLosses = [];
  }
}

let nextId = 0;

/** One recorded op: how to get the inputs' gradients from the outputs'. */
export class Node<A = unknown> {
  readonly op: Op<A>;
  readonly inputs: readonly Edge[];
  readonly inputShapes: readonly Shape[];
  readonly attrs: A;
  /** Rising in the order of recording, which is a topological order. */
  readonly id = nextId++;
  graph: Graph;
  /** Gradients of the outputs while backward() runs. */
  grads: (Tensor | null)[] = [];

  #saved: readonly Tensor[] = [];
  #versions: readonly number[] = [];

  constructor(op: Op<A>, inputs: readonly Tensor[], attrs: A, graph: Graph) {
    this.op = op;
    this.inputs = inputs.map(edgeOf);
    this.inputShapes = inputs.map((input) => input.shape);
    this.attrs = attrs;
    this.graph = graph;
  }

  /** Holds values for the vjp; once, after the outputs know their node, since they may be among them. */
  save(tensors: readonly Tensor[]): void {
    this.#saved = tensors.map((tensor) => tensor.saveForTape());
    this.#versions = tensors.map((tensor) => tensor.storage.version);
  }

  /** True if input i wants a gradient. */
  needs(i: number): boolean {
    return this.inputs[i] !== null && this.inputs[i] !== undefined;
  }

  /** What the op saved, i-th; throws if it was let go of, or changed in place since. */
  saved(i: number): Tensor {
    const tensor = this.#saved[i];
    if (tensor === undefined) {
      throw new AutogradError(
        `${this.op.name}: its saved values are gone: backward() ran through this graph before. ` +
          'Pass { retainGraph: true } to the first backward().',
      );
    }
    if (tensor.storage.version !== this.#versions[i]) {
      throw new AutogradError(
        `${this.op.name}: a value needed for its gradient was changed in place after the op ran ` +
          '(by an optimiser step or a copyFrom). Compute gradients before changing it.',
      );
    }
    return tensor;
  }

  /** Lets go of the saved values. */
  releaseSaved(): void {
    for (const tensor of this.#saved) tensor.dispose();
    this.#saved = [];
  }
}

function edgeOf(tensor: Tensor): Edge {
  if (tensor.node !== null) return { node: tensor.node, outputIndex: tensor.outputIndex };
  return tensor.requiresGrad ? { leaf: tensor.leaf } : null;
}

function graphOf(inputs: readonly Tensor[]): Graph {
  let graph: Graph | null = null;
  for (const { node } of inputs) {
    if (node !== null) graph = graph === null ? node.graph.root() : graph.merge(node.graph);
  }
  // A value of the finished step is still being looked at: the next step has not begun.
  if (graph?.consumed) return graph;
  graph ??= new Graph();
  for (const input of inputs) {
    const finished = input.finishedGraph;
    if (finished !== null) {
      input.finishedGraph = null;
      finished.release(graph);
    }
  }
  return graph;
}

/** True when an op of these inputs is to be recorded. */
export function wantsGrad(inputs: readonly Tensor[]): boolean {
  for (const input of inputs) if (input.requiresGrad) return isRecording();
  return false;
}

/**
 * Puts a computed output on the tape, if any input wants a gradient.
 * @param saved what the vjp reads by `node.saved(i)`: inputs, outputs, or values made for it
 * @returns the output
 */
export function record<A>(
  op: Op<A>,
  output: Tensor,
  inputs: readonly Tensor[],
  saved: readonly Tensor[],
  attrs: A,
): Tensor {
  recordAll(op, [output], inputs, saved, attrs);
  return output;
}

/** As {@link record}, for ops with several outputs. */
export function recordAll<A>(
  op: Op<A>,
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  saved: readonly Tensor[],
  attrs: A,
): void {
  if (!wantsGrad(inputs)) return;
  const graph = graphOf(inputs);
  const node = new Node<A>(op, inputs, attrs, graph);
  const atTopLevel = currentContext() === null;
  for (const [i, output] of outputs.entries()) {
    output.node = node;
    output.outputIndex = i;
    if (atTopLevel) graph.own(output);
  }
  node.save(saved);
}
