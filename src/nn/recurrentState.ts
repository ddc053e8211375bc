import { ArgumentError } from '../errors.js';
import { where } from '../ops/elementwise.js';
import { reshape } from '../ops/view.js';
import { formatShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';

/** What a recurrent model carries from step to step: a tensor (RNN, GRU), or several (LSTM: h and c). */
export type RecurrentState = Tensor | readonly RecurrentState[];

function described(state: unknown): string {
  if (state instanceof Tensor) return `one tensor ${formatShape(state.shape)}`;
  if (Array.isArray(state)) {
    return state.length === 2 ? 'a pair' : `a list of ${state.length}`;
  }
  return state === null ? 'null' : `a ${typeof state}`;
}

/** Throws unless a state is one tensor. */
export function oneState(owner: string, state: unknown): Tensor {
  if (state instanceof Tensor) return state;
  throw new ArgumentError(`${owner}: the state is ${described(state)}, expected one tensor, h`);
}

/** Throws unless a state is a pair of tensors. */
export function statePair(owner: string, state: unknown): readonly [h: Tensor, c: Tensor] {
  const pair: readonly unknown[] = Array.isArray(state) && state.length === 2 ? state : [];
  const [h, c] = pair;
  if (h instanceof Tensor && c instanceof Tensor) return [h, c];
  throw new ArgumentError(
    `${owner}: the state is ${described(state)}, expected a pair of tensors, [h, c]`,
  );
}

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
