import { isFloat } from '../tensor/dtype.js';
import { currentContext, isRecording } from '../tensor/scope.js';
import type { Tensor } from '../tensor/tensor.js';
import { finishedGraphOf, Graph } from './graph.js';
import { type GraphNode, Node, type Nothing, nodeOf, type Op, type Saves } from './node.js';
import { currentObserver } from './observe.js';

const NOTHING: Nothing = Object.freeze({});

type Inputs = readonly (Tensor | null)[];

function graphOf(inputs: Inputs): Graph {
  let graph: Graph | null = null;
  for (const input of inputs) {
    const node = input === null ? null : nodeOf(input);
    if (node !== null) graph = graph === null ? node.graph.root() : graph.merge(node.graph);
  }
  // A value of the finished step is still being looked at: the next step has not begun.
  if (graph?.consumed) return graph;
  graph ??= new Graph();
  for (const input of inputs) {
    const finished = input === null ? null : finishedGraphOf(input);
    if (input !== null && finished !== null) {
      input.finishedGraph = null;
      finished.release(graph);
    }
  }
  return graph;
}

/** True when an op of these inputs is to be recorded. */
export function wantsGrad(inputs: Inputs): boolean {
  for (const input of inputs) if (input?.requiresGrad) return isRecording();
  return false;
}

/**
 * The one point that every op passes once it has computed its output: shows it to the observer, and puts it on the
 * tape if any input wants a gradient.
 * @param inputs the operands, in the op's order; null for optional ones that were not given
 * @param saves what the gradient reads by `node.saved.<name>`: inputs, outputs, or values made for it
 * @param attrs the op's attributes, in the user's terms
 * @returns the output
 */
export function record(op: Op, output: Tensor, inputs: Inputs): Tensor;
export function record<S extends Saves>(
  op: Op<S>,
  output: Tensor,
  inputs: Inputs,
  saves: S,
): Tensor;
export function record<S extends Saves, A extends object>(
  op: Op<S, A>,
  output: Tensor,
  inputs: Inputs,
  saves: S,
  attrs: A,
): Tensor;
export function record<S extends Saves, A extends object>(
  op: Op<S, A>,
  output: Tensor,
  inputs: Inputs,
  saves = NOTHING as S,
  attrs = NOTHING as A,
): Tensor {
  currentObserver()?.({ name: op.name, outputs: [output], inputs, attrs });
  if (op.vjp === null || !wantsGrad(inputs)) return output;
  const node = new Node<S, A>(op, inputs, attrs, graphOf(inputs));
  attach(output, node, 0);
  node.save(saves);
  return output;
}

/** As {@link record}, for ops with several outputs. */
export function recordAll<S extends Saves, A extends object>(
  op: Op<S, A>,
  outputs: readonly Tensor[],
  inputs: Inputs,
  saves: S,
  attrs: A,
): void {
  currentObserver()?.({ name: op.name, outputs, inputs, attrs });
  if (op.vjp === null || !wantsGrad(inputs)) return;
  const node = new Node<S, A>(op, inputs, attrs, graphOf(inputs));
  for (const [i, output] of outputs.entries()) attach(output, node, i);
  node.save(saves);
}

/** Makes an output one of a node. Positions and counts beside the result have no gradient. */
function attach(output: Tensor, node: GraphNode, at: number): void {
  if (!isFloat(output.dtype)) return;
  output.node = node;
  output.outputIndex = at;
  if (currentContext() === null) node.graph.own(output);
}
