import { ArgumentError } from '../errors.js';
import { inWords } from '../options.js';
import { isPlainObject } from '../realm.js';
import { type OpCall, observeOps } from '../tape/observe.js';
import type { DType } from '../tensor/dtype.js';
import { isRecording, runInContext } from '../tensor/scope.js';
import { formatShape, type Shape, sameShape } from '../tensor/shape.js';
import type { Storage } from '../tensor/storage.js';
import { type Layout, Tensor } from '../tensor/tensor.js';
import type { Module } from './module.js';

/**
 * What a trace calls a value: a parameter or buffer by its dotted name; `%x` the input, `%x0`, `%x1`, ... several;
 * `%c0`, ... constants; `%0`, `%1`, ... what ops computed.
 */
export type ValueId = string;

/** What is known of a value. */
export interface TracedValue {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** An op that ran. */
export interface TracedOp {
  /** The name of the function, where it is one. */
  readonly name: string;
  /** Null for optional operands that were not given. */
  readonly inputs: readonly (ValueId | null)[];
  /** An op that changes a tensor in place has it among its outputs, under a new name. */
  readonly outputs: readonly ValueId[];
  /** In the user's terms, as plain values: kernel size, padding, axis. */
  readonly attrs: Readonly<Record<string, unknown>>;
}

/** What the model returned, with names in the place of tensors. */
export type TracedOutput =
  | ValueId
  | null
  | readonly TracedOutput[]
  | { readonly [name: string]: TracedOutput };

/** A model's forward, written down as ops. Keeps its constants alive until {@link Trace.dispose}. */
export class Trace {
  /** The class of the model. */
  readonly model: string;
  /** The tensors among the arguments of forward, in their order. */
  readonly inputs: readonly ValueId[];
  /** The parameters that were used: the model's own, live. */
  readonly parameters: ReadonlyMap<ValueId, Tensor>;
  /** The buffers that were used, live; a forward in training mode may have changed them. */
  readonly buffers: ReadonlyMap<ValueId, Tensor>;
  /** Tensors that no op made: such as were there before, or were made of numbers of JavaScript. */
  readonly constants: ReadonlyMap<ValueId, Tensor>;
  /** In the order in which they ran. */
  readonly ops: readonly TracedOp[];
  /** Shapes and kinds of all values. */
  readonly values: ReadonlyMap<ValueId, TracedValue>;
  readonly output: TracedOutput;

  constructor(
    parts: Pick<
      Trace,
      'model' | 'inputs' | 'parameters' | 'buffers' | 'constants' | 'ops' | 'values' | 'output'
    >,
  ) {
    this.model = parts.model;
    this.inputs = parts.inputs;
    this.parameters = parts.parameters;
    this.buffers = parts.buffers;
    this.constants = parts.constants;
    this.ops = parts.ops;
    this.values = parts.values;
    this.output = parts.output;
  }

  /** Frees the constants. */
  dispose(): void {
    for (const constant of this.constants.values()) constant.dispose();
  }

  /** One line an op, as `%5 = conv2d(%x, conv1.weight, null) { stride: [1, 1], ... }`. */
  toString(): string {
    const inputs = this.inputs.map((id) => {
      const value = this.values.get(id);
      return value ? `${id}: ${formatShape(value.shape)} ${value.dtype}` : id;
    });
    const lines = this.ops.map(({ name, inputs, outputs, attrs }) => {
      const call = `${outputs.join(', ')} = ${name}(${inputs.map(String).join(', ')})`;
      return Object.keys(attrs).length === 0 ? call : `${call} ${formatAttr(attrs)}`;
    });
    return [
      `${this.model}(${inputs.join(', ')})`,
      ...lines,
      `return ${formatOutput(this.output)}`,
    ].join('\n');
  }

  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

function formatAttr(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatAttr).join(', ')}]`;
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'string' ? `'${value}'` : String(value);
  }
  const fields = Object.entries(value).map(([name, field]) => `${name}: ${formatAttr(field)}`);
  return `{ ${fields.join(', ')} }`;
}

function formatOutput(output: TracedOutput): string {
  if (typeof output === 'string' || output === null) return String(output);
  if (isList(output)) return `[${output.map(formatOutput).join(', ')}]`;
  const fields = Object.entries(output).map(([name, each]) => `${name}: ${formatOutput(each)}`);
  return `{ ${fields.join(', ')} }`;
}

function isList(output: object): output is readonly TracedOutput[] {
  return Array.isArray(output);
}

/** The tensors in an argument: itself, or those in its arrays and plain objects. */
function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  return isPlainObject(value) ? Object.values(value).flatMap(tensorsIn) : [];
}

/** A value as it lies in memory. */
interface Placed {
  readonly id: ValueId;
  readonly offset: number;
  readonly shape: Shape;
  readonly layout: Layout;
}

/** Gives names to the tensors of a forward, and writes its ops down. */
class Tracer {
  readonly #model: Module;
  readonly #inputs: ValueId[] = [];
  readonly #used = new Set<ValueId>();
  readonly #constants = new Map<ValueId, Tensor>();
  readonly #ops: TracedOp[] = [];
  readonly #values = new Map<ValueId, TracedValue>();
  readonly #byHandle = new Map<Tensor, ValueId>();
  /** For handles that were made without an op: by detach(), or as a view inside of an op. */
  readonly #byStorage = new Map<Storage, Placed[]>();
  /** Handles that keep the memory of all values, so that no other tensor takes its place under their names. */
  readonly #held: Tensor[] = [];
  #computed = 0;

  constructor(model: Module) {
    this.#model = model;
  }

  /** Names what there is before the forward. */
  begin(inputs: readonly unknown[]): void {
    const model = this.#model;
    for (const [name, tensor] of [...model.namedParameters(), ...model.namedBuffers()]) {
      this.#name(tensor, name);
    }
    const tensors = tensorsIn(inputs);
    for (const [i, tensor] of tensors.entries()) {
      const id = tensors.length === 1 ? '%x' : `%x${i}`;
      this.#name(tensor, id);
      this.#inputs.push(id);
    }
  }

  #name(tensor: Tensor, id: ValueId): void {
    this.#values.set(id, { shape: tensor.shape, dtype: tensor.dtype });
    this.#byHandle.set(tensor, id);
    const { storage, offset, shape, layout } = tensor;
    const placed = this.#byStorage.get(storage);
    if (placed !== undefined) {
      placed.push({ id, offset, shape, layout });
      return;
    }
    this.#byStorage.set(storage, [{ id, offset, shape, layout }]);
    this.#held.push(tensor.detach().keep());
  }

  /** The name of what an op was given; one that is not known is a constant from now on. */
  #nameOf(tensor: Tensor): ValueId {
    const id = this.#byHandle.get(tensor) ?? this.#placeOf(tensor) ?? this.#constant(tensor);
    this.#byHandle.set(tensor, id);
    this.#used.add(id);
    return id;
  }

  #placeOf({ storage, offset, shape, layout }: Tensor): ValueId | null {
    const found = this.#byStorage
      .get(storage)
      ?.findLast(
        (placed) =>
          placed.offset === offset && placed.layout === layout && sameShape(placed.shape, shape),
      );
    return found?.id ?? null;
  }

  #constant(tensor: Tensor): ValueId {
    const id = `%c${this.#constants.size}`;
    this.#constants.set(id, tensor.detach().keep());
    this.#name(tensor, id);
    return id;
  }

  add({ name, inputs, outputs, attrs }: OpCall): void {
    const operands = inputs.map((input) => input && this.#nameOf(input));
    const results = outputs.map((output) => {
      const id = `%${this.#computed++}`;
      this.#name(output, id);
      return id;
    });
    this.#ops.push({ name, inputs: operands, outputs: results, attrs: { ...attrs } });
  }

  #output(value: unknown): TracedOutput {
    if (value instanceof Tensor) return this.#nameOf(value);
    if (value === null || value === undefined) return null;
    if (Array.isArray(value)) return value.map((each) => this.#output(each));
    if (isPlainObject(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([name, each]) => [name, this.#output(each)]),
      );
    }
    throw new ArgumentError(
      `traceForward: forward returned ${inWords(value)}, expected tensors, in arrays or plain objects`,
    );
  }

  /** What was seen; `returned` is still alive. */
  finish(returned: unknown): Trace {
    const output = this.#output(returned);
    const used = (named: readonly [ValueId, Tensor][]): Map<ValueId, Tensor> =>
      new Map(named.filter(([name]) => this.#used.has(name)));
    return new Trace({
      model: this.#model.constructor.name,
      inputs: this.#inputs,
      parameters: used(this.#model.namedParameters()),
      buffers: used(this.#model.namedBuffers()),
      constants: this.#constants,
      ops: this.#ops,
      values: this.#values,
      output,
    });
  }

  /** Frees what was held. */
  release(): void {
    for (const handle of this.#held) handle.dispose();
  }

  /** Frees what would have outlived the trace. */
  abandon(): void {
    for (const constant of this.#constants.values()) constant.dispose();
  }
}

/**
 * Runs a model's forward, and writes down the ops that it consists of: in the mode that the model is in, and with or
 * without gradients as they are asked for around it. What `forward` returns is freed.
 * @param inputs the arguments of forward: tensors, arrays and plain objects of them, and others
 * @throws ArgumentError when forward returns anything but tensors, in arrays or plain objects
 * @internal
 */
export function traceForward(model: Module, inputs: readonly unknown[]): Trace {
  const tracer = new Tracer(model);
  try {
    tracer.begin(inputs);
    return runInContext(isRecording(), () =>
      tracer.finish(
        observeOps(
          (call) => tracer.add(call),
          () => Reflect.apply(model.forward, model, inputs),
        ),
      ),
    );
  } catch (error) {
    tracer.abandon();
    throw error;
  } finally {
    tracer.release();
  }
}
