import { checkList } from '../arguments.js';
import { AutogradError, DTypeError, ShapeError } from '../errors.js';
import { sumTo } from '../ops/broadcast.js';
import { addInPlace, clone, onesLike } from '../ops/creation.js';
import { add } from '../ops/elementwise.js';
import { checkTensor } from '../ops/kit/define.js';
import { checkOptions, type OptionNames } from '../options.js';
import { finishedGraphOf, type Graph } from '../tape/graph.js';
import { type Edge, type GraphNode, nodeOf, nodesSoFar } from '../tape/node.js';
import { RowSparseTensor } from '../tensor/rowSparse.js';
import { adopt, runInContext } from '../tensor/scope.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { Tensor, writesSoFar } from '../tensor/tensor.js';

export interface BackwardOptions {
  /** Gradient of the tensor itself, of its shape. Default: 1, for a tensor of one element. */
  gradient?: Tensor;
  /** Keeps what the graph saved, so that backward() can run through it again. Default: createGraph. */
  retainGraph?: boolean;
  /** Records the computation of the gradients, so that they have gradients themselves. Default: false. */
  createGraph?: boolean;
}

const BACKWARD: OptionNames<BackwardOptions> = {
  gradient: true,
  retainGraph: true,
  createGraph: true,
};

/** Nodes that feed `root`, latest first: ids rise in recording order, so this is a topological order. */
function reachable(roots: readonly GraphNode[]): GraphNode[] {
  const seen = new Set<GraphNode>(roots);
  const stack = [...seen];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    for (const edge of node.inputs) {
      if (edge !== null && 'node' in edge && !seen.has(edge.node)) {
        seen.add(edge.node);
        stack.push(edge.node);
      }
    }
  }
  return [...seen].sort((a, b) => b.id - a.id);
}

/**
 * A sum of gradients: takes `incoming`, which may share its memory with others, into what is there. Adds in
 * place only where nobody else refers to the memory.
 */
function accumulate(present: Tensor | null, incoming: Tensor, createGraph: boolean): Tensor {
  if (present === null) return incoming.saveForTape();
  if (incoming instanceof RowSparseTensor) return accumulateRows(present, incoming);
  if (present instanceof RowSparseTensor) {
    const sum = add(present.toDense(), incoming).saveForTape();
    present.dispose();
    return sum;
  }
  if (!createGraph && present.storage.refs === 1 && present.layout === incoming.layout) {
    addInPlace(present, incoming);
    return present;
  }
  const sum = add(present, incoming).saveForTape();
  present.dispose();
  return sum;
}

/** Takes rows into what is there: rows again, or a dense gradient. */
function accumulateRows(present: Tensor, incoming: RowSparseTensor): Tensor {
  if (present instanceof RowSparseTensor) {
    present.add_(incoming);
    return present;
  }
  if (present.storage.refs === 1 && present.layout === 'rowMajor') {
    incoming.addTo(present);
    return present;
  }
  const sum = add(present, incoming.toDense()).saveForTape();
  present.dispose();
  return sum;
}

/** Where gradients are collected. */
interface Sink {
  /** A share of a leaf's gradient. */
  leaf(leaf: Tensor, gradient: Tensor): void;
  /** The whole gradients of a node's outputs. */
  computed?(node: GraphNode, gradients: readonly (Tensor | null)[]): void;
}

function checkGradient(tensor: Tensor, gradient: Tensor | undefined, op: string): Tensor {
  if (gradient !== undefined) checkTensor(gradient, op, 'gradient');
  if (gradient === undefined) {
    if (tensor.size !== 1) {
      throw new AutogradError(
        `${op}: a tensor of shape ${formatShape(tensor.shape)} needs { gradient }; only a tensor of one ` +
          'element has a gradient of 1 by itself. Reduce it first, with sum() or mean().',
      );
    }
    return onesLike(tensor);
  }
  if (!sameShape(gradient.shape, tensor.shape)) {
    throw new ShapeError(
      `${op}: gradient ${formatShape(gradient.shape)} does not fit the tensor ${formatShape(tensor.shape)}`,
    );
  }
  if (gradient.dtype !== tensor.dtype) {
    throw new DTypeError(`${op}: gradient is ${gradient.dtype}, the tensor is ${tensor.dtype}`);
  }
  return gradient;
}

function send(edge: Edge, gradient: Tensor, createGraph: boolean, sink: Sink): void {
  if (edge === null) return;
  if ('leaf' in edge) {
    sink.leaf(edge.leaf, gradient);
    return;
  }
  const grads = edge.node.grads;
  // Gradient rules are written for dense gradients.
  const dense = gradient instanceof RowSparseTensor ? gradient.toDense() : gradient;
  grads[edge.outputIndex] = accumulate(grads[edge.outputIndex] ?? null, dense, createGraph);
}

function runNode(node: GraphNode, retain: boolean, createGraph: boolean, sink: Sink): void {
  const { grads: filled } = node;
  node.grads = [];
  let isUsed = false;
  // Outputs that nothing used leave holes.
  for (let i = 0; i < filled.length; i++) {
    filled[i] ??= null;
    if (filled[i] !== null) isUsed = true;
  }
  if (!isUsed) return;
  sink.computed?.(node, filled);
  const results = node.gradients(filled);
  for (let i = 0; i < node.inputs.length; i++) {
    const edge = node.inputs[i] ?? null;
    const result = results[i] ?? null;
    const shape = node.inputShapes[i] ?? null;
    if (edge === null || result === null || shape === null) continue;
    send(edge, sumTo(result, shape), createGraph, sink);
  }
  for (const gradient of filled) gradient?.dispose();
  if (!retain) node.releaseSaved();
}

/** An op of an earlier step whose result is used after backward(); null if there is none. */
function takenOver(from: GraphNode, nodes: number): GraphNode | null {
  return reachable([from]).find(({ id }) => id < nodes) ?? null;
}

/** A graph was consumed before: what to do depends on whether this step has taken something over from it. */
function consumedError(node: GraphNode): AutogradError {
  const { nodes, writes } = node.graph.consumption;
  const earlier = node.id >= nodes ? takenOver(node, nodes) : null;
  const retain = '{ retainGraph: true }';
  if (earlier === null) {
    return new AutogradError(
      `backward: this graph was consumed by an earlier backward() (at ${node.op.name}). ` +
        `Pass ${retain} to the first one, or add the losses before calling it.`,
    );
  }
  // Once weights have changed, the earlier graph cannot be run through again, retained or not.
  const otherwise =
    writes === writesSoFar() ? ` If it is one step, pass ${retain} to the first backward().` : '';
  return new AutogradError(
    `backward: the result of ${earlier.op.name} was computed in a step whose graph was consumed by an earlier ` +
      'backward(), and this step goes on from it. detach() what a step takes over from the one before, such as a ' +
      `recurrent state: state = state.detach().${otherwise}`,
  );
}

function walk(
  roots: readonly { tensor: Tensor; gradient: Tensor }[],
  retain: boolean,
  createGraph: boolean,
  sink: Sink,
): GraphNode[] {
  const nodes: GraphNode[] = [];
  for (const { tensor, gradient } of roots) {
    const node = nodeOf(tensor);
    if (node !== null) {
      if (node.graph.root().consumed) {
        throw consumedError(node);
      }
      nodes.push(node);
      const { grads } = node;
      grads[tensor.outputIndex] = accumulate(
        grads[tensor.outputIndex] ?? null,
        gradient,
        createGraph,
      );
    } else sink.leaf(tensor, gradient);
  }
  const order = reachable(nodes);
  try {
    for (const node of order)
      runInContext(createGraph, () => runNode(node, retain, createGraph, sink));
  } finally {
    // After an error, gradients on the way would otherwise be found by the next backward().
    for (const node of order) {
      for (const gradient of node.grads) gradient?.dispose();
      node.grads = [];
    }
  }
  return order;
}

/**
 * Computes the gradients of a scalar (or of `gradient · tensor`) with respect to every leaf that requires one,
 * and adds them to the leaves' `grad` (reverse-mode automatic differentiation). Walks the graph iteratively.
 *
 * The graph is consumed: what it saved is freed along the way, and the tensors of this step are freed by the first
 * op of the next one. Until then they can be read; the loss for one step longer.
 * @throws AutogradError if the tensor requires no gradient, or its graph was consumed before
 * @throws ArgumentError for an unknown option
 */
export function backward(tensor: Tensor, options: BackwardOptions = {}): void {
  checkTensor(tensor, 'backward', 'the tensor');
  checkOptions('backward', options, BACKWARD);
  const createGraph = options.createGraph ?? false;
  const retain = options.retainGraph ?? createGraph;
  if (!tensor.requiresGrad) {
    throw new AutogradError(
      'backward: this tensor does not require gradients: it was computed under noGrad(), or from tensors ' +
        'without requiresGrad, or by an op without a gradient',
    );
  }
  const leaves = new Set<Tensor>();
  runInContext(createGraph, () => {
    const gradient = checkGradient(tensor, options.gradient, 'backward');
    walk([{ tensor, gradient }], retain, createGraph, {
      leaf(leaf, incoming) {
        leaves.add(leaf);
        leaf.grad = accumulate(leaf.grad, incoming, createGraph);
      },
    });
  });
  if (!createGraph) for (const leaf of leaves) ownMemory(leaf);
  const node = nodeOf(tensor);
  if (retain || node === null) return;
  finish(node.graph, leaves, tensor);
}

/** Gradients may have come to share memory (a + b gives both the same); each leaf gets its own. */
function ownMemory(leaf: Tensor): void {
  const gradient = leaf.grad;
  if (gradient === null || gradient instanceof RowSparseTensor) return;
  if (gradient.storage.refs === 1) return;
  leaf.grad = runInContext(false, () => clone(gradient).keep());
  gradient.dispose();
}

/** Leaves the graph to be released by the next op on one of its leaves, with any other that waits for that. */
function finish(graph: Graph, leaves: Iterable<Tensor>, loss: Tensor | null): void {
  graph.finish(loss, { nodes: nodesSoFar(), writes: writesSoFar() });
  for (const leaf of leaves) {
    const finished = finishedGraphOf(leaf);
    leaf.finishedGraph = finished === null ? graph.root() : graph.merge(finished);
  }
}

export interface GradOptions extends Omit<BackwardOptions, 'gradient'> {
  /** Gradients of the outputs, one each. Default: ones, for outputs of one element. */
  gradients?: readonly Tensor[];
  /** Returns null for inputs that the outputs do not depend on, instead of throwing. Default: false. */
  allowUnused?: boolean;
}

const GRAD: OptionNames<GradOptions> = {
  gradients: true,
  retainGraph: true,
  createGraph: true,
  allowUnused: true,
};

/**
 * Gradients of the outputs' sum with respect to the inputs (leaves or computed tensors), returned and not
 * added to anybody's `grad`. With `createGraph` the results can be differentiated again.
 * @throws AutogradError if an input requires no gradient, or the outputs do not depend on it
 * @throws ArgumentError for an unknown option
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: readonly Tensor[],
  options: GradOptions = {},
): (Tensor | null)[] {
  checkOptions('grad', options, GRAD);
  const createGraph = options.createGraph ?? false;
  const retain = options.retainGraph ?? createGraph;
  const roots = outputs instanceof Tensor ? [outputs] : outputs;
  checkList('grad', 'outputs', roots, 'a Tensor or a list of them');
  checkList('grad', 'inputs', inputs, 'a list of Tensors');
  if (options.gradients !== undefined) checkList('grad', 'gradients', options.gradients);
  for (const output of roots) checkTensor(output, 'grad', 'an output');
  const leafGrads = new Map<Tensor, Tensor | null>();
  const leaves = new Set<Tensor>();
  for (const input of inputs) {
    checkTensor(input, 'grad', 'an input');
    if (!input.requiresGrad) throw new AutogradError('grad: an input does not require gradients');
    if (input.node === null) leafGrads.set(input, null);
  }
  return runInContext(createGraph, () => {
    const results = new Map<Tensor, Tensor>();
    const seeds = roots.map((tensor, i) => ({
      tensor,
      gradient: checkGradient(tensor, options.gradients?.[i], 'grad'),
    }));
    walk(seeds, retain, createGraph, {
      leaf(leaf, incoming) {
        leaves.add(leaf);
        const present = leafGrads.get(leaf);
        if (present !== undefined) leafGrads.set(leaf, accumulate(present, incoming, createGraph));
      },
      computed(node, gradients) {
        for (const input of inputs) {
          const gradient = input.node === node ? gradients[input.outputIndex] : null;
          if (gradient) results.set(input, gradient.saveForTape());
        }
      },
    });
    if (!retain)
      for (const root of roots) {
        const node = nodeOf(root);
        if (node !== null) finish(node.graph, leaves, null);
      }
    return inputs.map((input) => {
      const gradient = results.get(input) ?? leafGrads.get(input) ?? null;
      if (gradient === null && options.allowUnused !== true) {
        throw new AutogradError(
          'grad: the outputs do not depend on an input; pass { allowUnused: true }',
        );
      }
      if (gradient !== null) adopt(gradient);
      return gradient;
    });
  });
}
