import { checkIterable, checkObject } from '../arguments.js';
import { backend, kernels } from '../backend/select.js';
import { ArgumentError, type CheckpointError, DTypeError } from '../errors.js';
import { MOST_RATE, noStateOf, reading } from '../io/savedState.js';
import { isError } from '../realm.js';
import { Refusal } from '../refusals.js';
import { isFloat } from '../tensor/dtype.js';
import { runInContext } from '../tensor/scope.js';
import { formatShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { Batch, newState, type ParamState } from './batch.js';
import { checkBoolean, checkNotNegative, fillOptions } from './options.js';
import { checkKinds, forgetSeenRows, type GradientKind, updateRows } from './rows.js';
import { type CommonScalars, packScalars, type RuleWithScalars } from './scalars.js';
import {
  type OptimizerState,
  optionFaults,
  type ParamSlot,
  type ReadState,
  readState,
  restored,
  stateFaults,
} from './state.js';

const REMEDY = 'expected the groups and tensors of optimizer.stateDict()';
const REFUSAL = new Refusal('Optimizer', REMEDY);

/** Options of every optimiser. */
export interface BaseOptions {
  /** Learning rate. */
  lr: number;
  /** An L2 penalty: weightDecay·p is added to the gradient. Default: 0. Decoupled where an optimiser says so. */
  weightDecay: number;
  /** An L1 penalty: l1·sgn(p) is added to the gradient, which drives small weights to 0. Default: 0. */
  l1: number;
  /** Climbs instead of descending. Default: false. */
  maximize: boolean;
}

/** The defaults that most optimisers share. */
export const BASE_DEFAULTS = { weightDecay: 0, l1: 0, maximize: false } as const;

/** How a group is updated under its present options: a kernel's rule with its scalars, and what else it takes. */
export type UpdatePlan = RuleWithScalars & {
  /** PyTorch's names of the tensors that it keeps for each parameter, in the rule's order. */
  readonly states: readonly string[];
  /** What they are filled with at first. Default: 0. */
  readonly initialState?: number;
  /** Other numbers that it keeps for each parameter, with their first values. */
  readonly numbers?: Readonly<Record<string, number>>;
  /** The rule's numbers for a parameter, whose steps include the present one. */
  readonly factors?: (state: ParamState) => readonly number[];
  /** True where weight decay is apart from the gradient: p shrinks by lr·weightDecay. Default: false. */
  readonly decoupled?: boolean;
};

/** The two ways in which the parameters of a group are updated. */
interface Batches {
  readonly dense: Batch;
  readonly rows: Batch;
}

const NO_FACTORS = new Float64Array(0);

/** Counts the step of each parameter, and gives the rule's numbers of each in turn. */
function factorsOf({ factors, numbers }: UpdatePlan, states: readonly ParamState[]): Float64Array {
  let all = NO_FACTORS;
  for (const [i, state] of states.entries()) {
    state.step++;
    for (const name in numbers) {
      if (!state.numbers.has(name)) state.numbers.set(name, numbers[name] ?? 0);
    }
    if (factors === undefined) continue;
    const own = factors(state);
    if (i === 0) all = new Float64Array(own.length * states.length);
    all.set(own, i * own.length);
  }
  return all;
}

/** Parameters that share their options, which may be edited between steps. */
export type ParamGroup<O> = O & { readonly params: readonly Tensor[] };

/** A group as given; the options that it leaves out are those of the optimiser. */
export type ParamGroupInit<O> = Partial<O> & { readonly params: Iterable<Tensor> };

/** What to optimise: parameters, or groups of them with options of their own. */
export type Params<O> = Iterable<Tensor> | Iterable<ParamGroupInit<O>>;

function groupsOf<O>(
  params: Params<O>,
  owner: string,
): (ParamGroupInit<O> | { params: Tensor[] })[] {
  const tensors: Tensor[] = [];
  const groups: ParamGroupInit<O>[] = [];
  checkIterable(owner, 'the parameters', params, 'Tensors, as of model.parameters(), or groups');
  for (const item of params) {
    if (item instanceof Tensor) tensors.push(item);
    else if (typeof item === 'object' && item !== null && 'params' in item) groups.push(item);
    else
      throw new ArgumentError(
        `${owner}: got a ${typeof item} among the parameters, expected Tensors`,
      );
  }
  if (tensors.length > 0 && groups.length > 0) {
    throw new ArgumentError(
      `${owner}: expected either parameters or groups { params, ... }, not both`,
    );
  }
  return groups.length > 0 ? groups : [{ params: tensors }];
}

/**
 * Base of the update rules. `step()` applies the gradients that `backward()` has left with the parameters, in
 * one kernel call a group; parameters without a gradient stay as they are.
 */
export abstract class Optimizer<O extends BaseOptions = BaseOptions> {
  /** Makes JSON, structuredClone and postMessage fail rather than lose the state. @internal */
  readonly refusal = REFUSAL;
  readonly #defaults: O;
  readonly #groups: ParamGroup<O>[] = [];
  readonly #batches: Batches[] = [];
  readonly #states = new Map<Tensor, ParamState>();

  /**
   * @param defaults the options, complete
   * @throws ArgumentError for options out of range, no parameters, one given twice, or a computed tensor
   */
  protected constructor(params: Params<O>, defaults: O) {
    checkObject(this.#name, 'the defaults', defaults, 'the options');
    this.#defaults = defaults;
    for (const group of groupsOf(params, this.#name)) this.#addGroup(group);
  }

  /** Throws unless the optimiser's own options are in range. */
  protected abstract checkOptions(options: O): void;

  /** How a group with these options is updated. @internal */
  protected abstract plan(options: O): UpdatePlan;

  get #name(): string {
    return this.constructor.name;
  }

  /** The groups: `optimizer.paramGroups[0].lr = 1e-4` holds from the next step on. */
  get paramGroups(): readonly ParamGroup<O>[] {
    return this.#groups;
  }

  /** Optimises more parameters, with options of their own. */
  addParamGroup(group: ParamGroupInit<O>): void {
    this.#addGroup(group);
  }

  #addGroup(group: { readonly params: Iterable<Tensor> }): void {
    checkObject(this.#name, 'a group', group, '{ params, ... }');
    const { params, ...given } = group;
    checkIterable(this.#name, 'params of a group', params, 'Tensors');
    const options = fillOptions(this.#name, this.#defaults, given);
    this.#check(options);
    const list = [...params];
    this.#checkParams(list);
    for (const param of list) this.#states.set(param, newState());
    this.#batches.push(this.#newBatches());
    this.#groups.push({ ...options, params: list });
  }

  #newBatches(): Batches {
    const stateOf = (param: Tensor): ParamState => this.#stateOf(param);
    return { dense: new Batch(stateOf, 'dense'), rows: new Batch(stateOf, 'rows') };
  }

  #check(options: O): void {
    for (const option of ['lr', 'weightDecay', 'l1'] as const) {
      checkNotNegative(this.#name, option, options[option]);
    }
    checkBoolean(this.#name, 'maximize', options.maximize);
    this.checkOptions(options);
  }

  #checkParams(params: readonly Tensor[]): void {
    const [first] = params;
    if (first === undefined) {
      throw new ArgumentError(
        `${this.#name}: there are no parameters; expected some, as of model.parameters()`,
      );
    }
    const seen = new Set<Tensor>(this.#states.keys());
    for (const param of params) {
      if (!(param instanceof Tensor)) {
        throw new ArgumentError(
          `${this.#name}: got a ${typeof param} among the parameters, expected Tensors`,
        );
      }
      const what = `a parameter of shape ${formatShape(param.shape)}`;
      if (param.node !== null) {
        throw new ArgumentError(
          `${this.#name}: ${what} was computed by ${param.node.op.name}, expected a leaf`,
        );
      }
      if (!isFloat(param.dtype) || param.dtype !== first.dtype) {
        const expected = isFloat(first.dtype)
          ? `${first.dtype} like the first of its group`
          : 'floats';
        throw new DTypeError(`${this.#name}: ${what} is ${param.dtype}, expected ${expected}`);
      }
      if (seen.has(param)) {
        throw new ArgumentError(
          `${this.#name}: ${what} was given twice, expected each in one group, once`,
        );
      }
      seen.add(param);
    }
  }

  #stateOf(param: Tensor): ParamState {
    const state = this.#states.get(param);
    if (state === undefined) {
      throw new ArgumentError(
        `${this.#name}: a parameter was put into a group by hand; use addParamGroup()`,
      );
    }
    return state;
  }

  /** The learning rate of all groups. Where they differ, this throws: use `paramGroups[i].lr` then. */
  get lr(): number {
    const [first, ...others] = this.#groups;
    if (first === undefined || others.some(({ lr }) => lr !== first.lr)) {
      throw new ArgumentError(`${this.#name}: the groups differ in lr; use paramGroups[i].lr`);
    }
    return first.lr;
  }

  set lr(value: number) {
    checkNotNegative(this.#name, 'lr', value);
    // Reading throws where a group has a rate of its own, which would be lost.
    if (this.lr === value) return;
    for (const group of this.#groups) group.lr = value;
  }

  /** The gradients that the rule is for; those of an Embedding with `sparse: true` have rows only. */
  protected get takes(): GradientKind {
    return 'dense';
  }

  /**
   * Updates all parameters that have a gradient.
   * @throws SparseError for a gradient of rows only, or a dense one, that the rule is not for; nothing changes then
   */
  step(): void {
    // All gradients are checked before any parameter changes.
    checkKinds(this.#name, this.takes, this.#groups);
    for (const [i, group] of this.#groups.entries()) {
      this.#batches[i]?.dense.gather(group.params);
      if (this.takes !== 'dense') this.#batches[i]?.rows.gather(group.params);
    }
    for (const [i, group] of this.#groups.entries()) {
      for (const batch of Object.values(this.#batches[i] ?? {})) {
        if (batch.length > 0) this.#update(group, batch);
      }
    }
  }

  #update(group: ParamGroup<O>, batch: Batch): void {
    const plan = this.plan(group);
    const { lr, weightDecay, l1, maximize } = group;
    const common: CommonScalars = {
      sign: maximize ? -1 : 1,
      l2: plan.decoupled ? 0 : weightDecay,
      l1,
      shrink: plan.decoupled ? 1 - lr * weightDecay : 1,
    };
    const undo = batch.undo();
    // Before the states are made: a factor may depend on whether there is one.
    const factors = factorsOf(plan, batch.states);
    const states = batch.stateArrays(plan.states, plan.initialState ?? 0);
    if (batch.rows.length > 0) updateRows(batch, plan, common, states, factors);
    else {
      forgetSeenRows(batch.states);
      const { grads, sizes } = batch;
      const scalars = packScalars(common, plan);
      const params = batch.paramsForWriting();
      kernels().optimizerStep(params, states, grads, factors, scalars, sizes, plan.rule);
    }
    backend().whenLeftOut(undo);
    batch.finish();
  }

  /** Drops the gradients of all parameters. */
  zeroGrad(): void {
    for (const { params } of this.#groups) {
      for (const param of params) {
        param.grad?.dispose();
        param.grad = null;
      }
    }
  }

  /** All that the next steps depend on except the parameters; see {@link loadStateDict}. */
  stateDict(): OptimizerState {
    const names = Object.keys(this.#defaults);
    const groups = this.#groups.map((group) => ({
      options: Object.fromEntries(Object.entries(group).filter(([name]) => names.includes(name))),
      count: group.params.length,
    }));
    const slots = this.#slots();
    const states = slots.map(({ param }) => this.#stateOf(param));
    const tensors = new Map<string, Tensor>();
    const numbers: Record<string, number[]> = {};
    for (const [i, { plan }] of slots.entries()) {
      for (const name of plan.states) {
        const tensor = states[i]?.tensors.get(name);
        if (tensor !== undefined) tensors.set(`${i}.${name}`, tensor);
      }
      for (const [name, first] of Object.entries(plan.numbers ?? {})) {
        numbers[name] ??= [];
        numbers[name].push(states[i]?.numbers.get(name) ?? first);
      }
    }
    return {
      type: this.#name,
      groups,
      steps: states.map(({ step }) => step),
      ...(Object.keys(numbers).length > 0 ? { numbers } : {}),
      tensors,
    };
  }

  /** The parameters of all groups, as a state dict numbers them. */
  #slots(groups: readonly ParamGroup<O>[] = this.#groups): ParamSlot[] {
    return groups.flatMap((group) => {
      const plan = this.plan(group);
      return group.params.map((param) => ({ param, plan }));
    });
  }

  /**
   * Goes on from a saved state of an optimiser of the same class with the same groups: bit for bit, as if it had
   * not stopped. The saved options of the groups replace the present ones.
   * @throws CheckpointError that lists what does not fit; nothing is loaded then
   */
  loadStateDict(saved: OptimizerState): void {
    runInContext(false, () => this.prepareStateDict(saved)());
  }

  /**
   * Checks a saved state, whatever was given as one, and returns what takes it over, which cannot fail. Call both in one
   * context, which frees the copies that were not taken. @internal
   */
  prepareStateDict(saved: unknown): () => void {
    return reading(`loadStateDict of this ${this.#name}`, () => {
      const state = readState(this.#name, saved);
      const groups = this.#groupsWith(state);
      const slots = this.#slots(groups);
      const faults = stateFaults(slots, state);
      if (faults.length > 0) throw this.#misfit(faults);
      const before = slots.map(({ param }) => this.#stateOf(param));
      // Copied before anything is freed: the state may be this optimiser's own.
      const after = slots.map((slot, i) => restored(slot, i, state));
      return () => this.#take(groups, slots, before, after);
    });
  }

  #take(
    groups: readonly ParamGroup<O>[],
    slots: readonly ParamSlot[],
    before: readonly ParamState[],
    after: readonly ParamState[],
  ): void {
    for (const state of before) {
      for (const tensor of state.tensors.values()) tensor.dispose();
    }
    forgetSeenRows(before);
    for (const [i, { param }] of slots.entries()) {
      const state = after[i];
      if (state === undefined) continue;
      for (const tensor of state.tensors.values()) tensor.keep();
      this.#states.set(param, state);
    }
    for (const [i, group] of this.#groups.entries()) {
      Object.assign(group, groups[i]);
      this.#batches[i] = this.#newBatches();
    }
  }

  #misfit(faults: readonly string[]): CheckpointError {
    return noStateOf(`this ${this.#name}`, faults);
  }

  /** The groups as they will be with the saved options. */
  #groupsWith(saved: ReadState): ParamGroup<O>[] {
    const counts = `[${this.#groups.map((group) => group.params.length).join(', ')}]`;
    const savedCounts = `[${saved.groups.map((group) => group.count).join(', ')}]`;
    if (counts !== savedCounts) {
      throw this.#misfit([`it has groups of ${savedCounts} parameters, expected ${counts}`]);
    }
    const names = Object.keys(this.#defaults);
    const faults = this.#groups.flatMap((group, i) =>
      optionFaults(names, group, saved.groups[i]?.options ?? {}, i),
    );
    if (faults.length > 0) throw this.#misfit(faults);
    const groups = this.#groups.map((group, i) => ({ ...group, ...saved.groups[i]?.options }));
    try {
      for (const group of groups) this.#check(group);
    } catch (error) {
      throw this.#misfit([isError(error) ? error.message : String(error)]);
    }
    const fast = groups.findIndex(({ lr }) => lr > MOST_RATE);
    if (fast >= 0) {
      throw this.#misfit([`lr of group ${fast} is ${groups[fast]?.lr}, expected at most 2^100`]);
    }
    return groups;
  }
}
