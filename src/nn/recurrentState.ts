import { where } from '../ops/elementwise.js';
import { reshape } from '../ops/view.js';
import type { Tensor } from '../tensor/tensor.js';

/** What a recurrent model carries from step to step: a tensor (RNN, GRU), or several (LSTM: h and c). */
export type RecurrentState = Tensor | readonly RecurrentState[];

/** A model that is run over a sequence and then over its continuation: RNN, LSTM, GRU, or one made of them. */
export interface RecurrentModel<S extends RecurrentState, O = never> {
  /** The outputs of all steps, and the state after the last; a state of null is the model's own start. */
  forward(input: Tensor, state?: S | null, options?: O): readonly [output: Tensor, state: S];
}

/** The state with `fn` of each tensor in its place. */
export function mapState<S extends RecurrentState>(state: S, fn: (tensor: Tensor) => Tensor): S {
  const mapped: RecurrentState = 'shape' in state ? fn(state) : state.map((s) => mapState(s, fn));
  return mapped as S;
}

/** The same state cut from the graph, in handles of its own that live until they are disposed of. */
export function detachState<S extends RecurrentState>(state: S): S {
  return mapState(state, (tensor) => tensor.detach().keep());
}

function tensorsOf(state: RecurrentState | null): Tensor[] {
  if (state === null) return [];
  return 'shape' in state ? [state] : state.flatMap(tensorsOf);
}

/** Lets go of all tensors of a state, except those that another one has, too. */
export function disposeState(
  state: RecurrentState | null,
  present: RecurrentState | null = null,
): void {
  const inUse = new Set(tensorsOf(present));
  for (const tensor of tensorsOf(state)) if (!inUse.has(tensor)) tensor.dispose();
}

/**
 * The state with zeros in the rows that start over.
 * @param keep uint8 [rows]: 0 where a row starts over
 */
export function resetRows<S extends RecurrentState>(state: S, keep: Tensor): S {
  return mapState(state, (tensor) => {
    const after = tensor.shape.slice(2).map(() => 1);
    return where(reshape(keep, [1, keep.size, ...after]), tensor, 0);
  });
}
