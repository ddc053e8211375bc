import type { Tensor, TensorGraph } from '../tensor/tensor.js';

/** The moment at which backward() had consumed a graph. */
export interface Consumption {
  /** Ops recorded by then. */
  readonly nodes: number;
  /** Changes in place by then. */
  readonly writes: number;
}

/**
 * All nodes that are connected, and the handles of the tensors computed outside of modules along the way.
 * `backward()` finishes a graph; the first op recorded after it that uses one of its leaves releases it. Losses
 * live for one graph longer: a GAN's are often read after the other player's step, which uses the same leaves.
 */
export class Graph implements TensorGraph {
  #owned: Tensor[] = [];
  #losses: Tensor[] = [];
  #earlierLosses: Tensor[] = [];
  #mergedInto: Graph | null = null;
  /** True once backward() has consumed it. */
  consumed = false;
  /** What was so when backward() had consumed it. */
  #consumption: Consumption = { nodes: 0, writes: 0 };

  /** The graph that this one has become part of. */
  root(): Graph {
    let graph: Graph = this;
    while (graph.#mergedInto !== null) graph = graph.#mergedInto;
    return graph;
  }

  isConsumed(): boolean {
    return this.root().consumed;
  }

  /** What was so when backward() had consumed it. */
  get consumption(): Consumption {
    return this.root().#consumption;
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
    for (const loss of b.#losses) a.#losses.push(loss);
    for (const loss of b.#earlierLosses) a.#earlierLosses.push(loss);
    b.#owned = [];
    b.#losses = [];
    b.#earlierLosses = [];
    b.#mergedInto = a;
    a.consumed ||= b.consumed;
    if (b.#consumption.nodes > a.#consumption.nodes) a.#consumption = b.#consumption;
    return a;
  }

  /** Marks it as consumed. A loss from which backward() began stays readable for one graph longer. */
  finish(loss: Tensor | null, consumption: Consumption): void {
    const graph = this.root();
    graph.consumed = true;
    graph.#consumption = consumption;
    if (loss?.size === 1) graph.#losses.push(loss);
  }

  /** Frees every tensor that it owns, except its losses, which the graph of the next step takes over, if there is one. */
  release(next: Graph | null = null): void {
    const graph = this.root();
    const losses = next === null ? [] : graph.#losses;
    for (const tensor of graph.#owned) {
      if (!tensor.kept && !losses.includes(tensor)) tensor.dispose();
    }
    for (const loss of graph.#earlierLosses) if (!loss.kept) loss.dispose();
    if (next !== null) for (const loss of losses) next.root().#earlierLosses.push(loss);
    graph.#owned = [];
    graph.#losses = [];
    graph.#earlierLosses = [];
  }
}

/** The graph of a past step that a leaf took part in, if that is still to be released. Only the tape sets it. */
export function finishedGraphOf(leaf: Tensor): Graph | null {
  return leaf.finishedGraph as Graph | null;
}
