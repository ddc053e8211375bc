import { type FloatArray, packMomentumStep, UpdateRule } from '../backend/kernels/index.js';
import { kernels } from '../backend/select.js';
import { SparseError } from '../errors.js';
import { floats, floatsForWriting, ints } from '../ops/kit/define.js';
import { RowSparseTensor } from '../tensor/rowSparse.js';
import { dim, formatShape } from '../tensor/shape.js';
import { empty, type Tensor } from '../tensor/tensor.js';
import type { Batch, ParamState } from './batch.js';
import { type CommonScalars, packScalars, type RuleWithScalars } from './scalars.js';

/** Which gradients an update rule is for: dense ones, those of rows only, or both. */
export type GradientKind = 'dense' | 'sparse' | 'both';

interface Group {
  readonly params: readonly Tensor[];
  readonly weightDecay: number;
  readonly l1: number;
}

/** What is wrong with a gradient of rows; null if nothing is. */
function problemOfRows(
  owner: string,
  takes: GradientKind,
  { weightDecay, l1 }: Group,
): string | null {
  if (takes === 'dense') {
    return (
      `has a sparse gradient, which ${owner} does not take: use SparseAdam, Adagrad or SGD for it, ` +
      'or an Embedding without { sparse: true }'
    );
  }
  if (weightDecay === 0 && l1 === 0) return null;
  const name = weightDecay === 0 ? 'l1' : 'weightDecay';
  return (
    `has a sparse gradient, and ${name} ${weightDecay || l1}, which would change all of its rows: ` +
    `put it into a group with ${name} 0, or use an Embedding without { sparse: true }`
  );
}

/**
 * Throws unless all gradients are of the kind that an optimiser takes.
 * @throws SparseError that names the parameter and what would fit
 */
export function checkKinds(owner: string, takes: GradientKind, groups: readonly Group[]): void {
  for (const [g, group] of groups.entries()) {
    for (const [i, { grad, shape, label }] of group.params.entries()) {
      if (grad === null) continue;
      const isDense = !(grad instanceof RowSparseTensor);
      if (isDense && takes !== 'sparse') continue;
      const problem = isDense
        ? `has a dense gradient, expected that of an Embedding with { sparse: true }: use Adam for it`
        : problemOfRows(owner, takes, group);
      if (problem === null) continue;
      const name = label ?? `${i} of group ${g}`;
      const what = `parameter ${name}, of shape ${formatShape(shape)},`;
      throw new SparseError(`${owner}: ${what} ${problem}; nothing was updated`);
    }
  }
}

/**
 * One update of parameters whose gradients have rows only: one kernel call each.
 * @param states as of {@link Batch.stateArrays}: those of one name after the other
 * @param factors the rule's numbers of each parameter, one after the other
 */
export function updateRows(
  batch: Batch,
  rule: RuleWithScalars,
  common: CommonScalars,
  states: readonly FloatArray[],
  factors: Float64Array,
): void {
  const count = batch.length;
  const perTensor = factors.length / count;
  const scalars = packScalars(common, rule);
  for (const [i, { param, rows, values }] of batch.rows.entries()) {
    const own = factors.slice(i * perTensor, (i + 1) * perTensor);
    const [limit, inner] = [dim(param.shape, 0), dim(param.shape, 1)];
    const [g, at, size] = [floats(values), ints(rows), rows.size];
    const state = batch.states[i];
    const momentum = states[i];
    const rolls = rule.rule === UpdateRule.momentum || rule.rule === UpdateRule.nesterov;
    if (!rolls || state === undefined || momentum === undefined) {
      const ownStates = states.filter((_, k) => k % count === i);
      const p = floatsForWriting(param);
      kernels().optimizerStepRows(p, ownStates, g, at, own, scalars, size, inner, limit, rule.rule);
      continue;
    }
    const { seen, isNew } = seenRows(state, limit);
    const { sign } = common;
    const [keep = 0, add = 0] = own;
    // Nesterov's step is along g + momentum·m, the plain one along m.
    const [along, ahead] =
      rule.rule === UpdateRule.nesterov ? [sign, rule.scalars.momentum] : [0, 1];
    kernels().momentumStepRows(
      floatsForWriting(param),
      momentum,
      ints(seen),
      g,
      at,
      size,
      inner,
      limit,
      packMomentumStep({ lr: rule.scalars.lr, keep, add: sign * add, own: along, ahead }),
      isNew ? 1 : 0,
    );
  }
}

/** Memory of the rows that a momentum has seen: all others have none, and need no step. */
function seenRows(state: ParamState, limit: number): { seen: Tensor; isNew: boolean } {
  if (state.seen !== null) return { seen: state.seen, isNew: false };
  state.seen = empty([1 + 2 * limit], 'int32').keep();
  return { seen: state.seen, isNew: true };
}

/** After a step of all rows, or one that was left out. */
export function forgetSeenRows(states: readonly ParamState[]): void {
  for (const state of states) {
    state.seen?.dispose();
    state.seen = null;
  }
}
