import { ArgumentError, DTypeError } from '../errors.js';
import { cast } from '../ops/elementwise.js';
import { checkTensor } from '../ops/kit/define.js';
import { checkOptions, type OptionNames } from '../options.js';
import { Refusal } from '../refusals.js';
import { checkDType, type DType, isFloat } from '../tensor/dtype.js';
import { runInContext } from '../tensor/scope.js';
import { Tensor } from '../tensor/tensor.js';
import { terminalName } from '../terminal.js';
import {
  addModule,
  checkAlive,
  checkFieldName,
  childrenOf,
  declareBuffer,
  ownFields,
} from './fields.js';
import { wrapForward } from './forward.js';
import { Parameter } from './parameter.js';
import { type LoadedKeys, type LoadStateOptions, loadState, type StateDict } from './state.js';
import { type SummaryInput, type SummaryOptions, summarize, typeName } from './summary.js';

export interface BufferOptions {
  /** Whether it is saved with the model. Default: true. */
  persistent?: boolean;
}

const REMEDY =
  'expected model.stateDict(), and io.saveSafetensors() or await x.data() of its tensors';
const REFUSAL = new Refusal('Module', REMEDY);

const BUFFER: OptionNames<BufferOptions> = { persistent: true };

/**
 * A layer, or a model made of layers: what it learns ({@link Parameter} fields), what it remembers (buffers:
 * plain Tensor fields), and its parts (Module fields). Several of them stand in a `Sequential`, `ModuleList`,
 * `ModuleDict`, `ParameterList` or `ParameterDict`; in an array, a Map, a Set or a plain object they would be no part
 * of the model, which is an error. The names of these fields are the keys of the state dict, so that PyTorch's weights
 * load by name. Tensors that are no part of the state are `#private`.
 *
 * `forward` computes the output from the inputs, and is a scope: when it ends, every tensor that it made and does not
 * return is freed (what a gradient needs is kept). It may return tensors in arrays, plain objects, Maps, Sets and public
 * fields of classes. A tensor that it leaves in a field, to be looked at later, is no buffer, and needs `keep()`; one that
 * takes the place of a buffer stays one. An error inside says which layer it comes from.
 *
 * @example
 * class Net extends nn.Module {
 *   readonly fc1 = new nn.Linear(784, 128);
 *   readonly fc2 = new nn.Linear(128, 10);
 *   override forward(x: Tensor): Tensor {
 *     return this.fc2.forward(relu(this.fc1.forward(x)));
 *   }
 * }
 */
export abstract class Module {
  /** Makes JSON, structuredClone and postMessage fail rather than lose the weights. @internal */
  readonly refusal = REFUSAL;
  /** True while training, when dropout drops and batch-norm uses the batch; see {@link train}. */
  training = true;

  constructor() {
    addModule(this);
    // Not new.target.prototype: a minifier moves the function here, and new.target into it.
    wrapForward(Object.getPrototypeOf(this));
  }

  /** The output for given inputs. A subclass names the types of its own. */
  abstract forward(...inputs: never[]): unknown;

  /** The modules that this one is made of, not theirs, with their names. */
  namedChildren(): [name: string, module: Module][] {
    return ownFields<Module>(this).children;
  }

  /** The modules that this one is made of, not theirs. */
  children(): Module[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /** This module ('') and all within it, with their dotted paths; a shared one once. */
  namedModules(): [path: string, module: Module][] {
    const found = new Map<Module, string>();
    const visit = (module: Module, path: string): void => {
      if (found.has(module)) return;
      found.set(module, path);
      for (const [name, child] of ownFields(module).children) visit(child, join(path, name));
    };
    visit(this, '');
    return Array.from(found, ([module, path]) => [path, module]);
  }

  /** This module and all within it; a shared one once. */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  /** All parameters, with their dotted names; a shared one once. */
  namedParameters(): [name: string, parameter: Parameter][] {
    const found = new Map<Parameter, string>();
    for (const [path, module] of this.namedModules()) {
      for (const [name, parameter] of ownFields(module).parameters) {
        if (!found.has(parameter)) found.set(parameter, join(path, name));
      }
    }
    for (const [parameter, name] of found) {
      // The name in the whole model is longer than that in a part of it.
      if (name.length > (parameter.label?.length ?? 0)) parameter.label = name;
    }
    return Array.from(found, ([parameter, name]) => [name, parameter]);
  }

  /** All parameters; a shared one once. What an optimiser is given. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** All buffers, with their dotted names; a shared one once. */
  namedBuffers(): [name: string, buffer: Tensor][] {
    const found = new Map<Tensor, string>();
    for (const [path, module] of this.namedModules()) {
      for (const [name, buffer] of ownFields(module).buffers) {
        checkAlive(module, name, buffer);
        if (!found.has(buffer)) found.set(buffer, join(path, name));
      }
    }
    return Array.from(found, ([buffer, name]) => [name, buffer]);
  }

  /** All buffers; a shared one once. */
  buffers(): Tensor[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /**
   * Makes a tensor a buffer: part of the state, but not trained. Needed inside of `forward`, and for buffers that are
   * not saved; elsewhere a field that is assigned a tensor does the same.
   *
   * @param buffer null for one that is not there (yet)
   * @returns the buffer
   * @throws ArgumentError for a name that is taken, or a tensor that was computed with gradients
   *
   * @example
   * readonly mask = this.registerBuffer('mask', ones([8, 8]), { persistent: false });
   */
  registerBuffer<T extends Tensor | null>(name: string, buffer: T, options: BufferOptions = {}): T {
    const op = `${this.constructor.name}.registerBuffer`;
    checkOptions(op, options, BUFFER);
    checkFieldName(this, name, op, (present) => present == null || present instanceof Tensor);
    if (buffer !== null) {
      checkTensor(buffer, op, 'buffer');
      if (buffer.requiresGrad) {
        throw new ArgumentError(
          `${op}: ${name} requires gradients, expected buffer.detach(), or a field with an nn.Parameter`,
        );
      }
    }
    declareBuffer(this, name, options.persistent ?? true);
    Reflect.set(this, name, buffer?.keep() ?? null);
    return buffer;
  }

  /** Switches this module and all within it to training, or to evaluation. */
  train(training = true): this {
    for (const module of this.modules()) module.training = training;
    return this;
  }

  /** Switches to evaluation: `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** Stops training of all parameters: no gradients for them, and no memory for the gradients of others. */
  freeze(): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = false;
    return this;
  }

  /** Trains all parameters again. */
  unfreeze(): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = true;
    return this;
  }

  /** Drops the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) {
      parameter.grad?.dispose();
      parameter.grad = null;
    }
  }

  /** Calls `fn` for all modules within this one, and then for itself. */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /**
   * Parameters and buffers by dotted name, in PyTorch's order: live, not copies, so that an optimiser step
   * changes them. `await saveSafetensors(path, model.stateDict())` saves them.
   */
  stateDict(): Map<string, Tensor> {
    return stateOf(this).tensors;
  }

  /** Names of buffers that old files of weights lack, and that stay as they are then. @internal */
  get newerState(): readonly string[] {
    return [];
  }

  /**
   * Copies parameters and buffers from a state dict, a Map or a plain object. What files from before PyTorch 0.4.1 lack,
   * the `num_batches_tracked` of batch normalisation, stays as it is, also when strict.
   * @returns the names that were missing and those that have no place here, both empty when strict
   * @throws CheckpointError that lists every key that is missing, unexpected or of another shape, and every
   *   value of another kind; nothing is loaded then
   */
  loadStateDict(state: StateDict, options: LoadStateOptions = {}): LoadedKeys {
    const own = { tensors: this.stateDict(), optional: stateOf(this).optional };
    return loadState(this.constructor.name, own, state, options);
  }

  /**
   * Converts all floating parameters and buffers, in place of the present ones: make the optimiser afterwards.
   * float64 is for gradient checks on the TypeScript backend.
   */
  to(dtype: DType): this {
    if (!isFloat(checkDType(dtype, 'to'))) {
      throw new DTypeError(`to: ${dtype} is no floating dtype; expected float32 or float64`);
    }
    const converted = new Map<Tensor, Tensor>();
    runInContext(false, () => {
      for (const module of this.modules()) {
        const { parameters, buffers } = ownFields(module);
        for (const [name, buffer] of buffers) checkAlive(module, name, buffer);
        for (const [name, tensor] of [...parameters, ...buffers]) {
          if (!isFloat(tensor.dtype) || tensor.dtype === dtype) continue;
          const replacement = converted.get(tensor) ?? convert(tensor, dtype);
          converted.set(tensor, replacement);
          Reflect.set(module, name, replacement);
        }
      }
    });
    for (const tensor of converted.keys()) tensor.dispose();
    return this;
  }

  /**
   * A table of the layers with their output shapes and numbers of parameters, as text. Runs a forward of zeros,
   * in evaluation mode and without gradients.
   * @param input shape of the input, or shapes of several, batch axis included
   */
  summary(input: SummaryInput, options: SummaryOptions = {}): string {
    return summarize(this, input, options);
  }

  /** The tree of modules, as PyTorch prints it. */
  toString(): string {
    const lines = childrenOf<Module>(this).map(
      ([name, child]) => `(${terminalName(name)}): ${child}`,
    );
    const options = this.describeOptions();
    const type = typeName(this);
    if (lines.length === 0) return `${type}(${options})`;
    if (options !== '') lines.unshift(options);
    return `${type}(\n${lines.map((line) => `  ${line.replaceAll('\n', '\n  ')}`).join('\n')}\n)`;
  }

  /** What `console.log` shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** What toString shows in parentheses. */
  protected describeOptions(): string {
    return '';
  }
}

/** A module of one tensor to one tensor, as layers are. */
export interface Layer extends Module {
  forward(x: Tensor): Tensor;
}

/** `layer1` and `0` as `layer1.0`. */
function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

interface CollectedState {
  readonly tensors: Map<string, Tensor>;
  readonly optional: Set<string>;
}

function stateOf(module: Module): CollectedState {
  const state: CollectedState = { tensors: new Map(), optional: new Set() };
  collectState(module, '', state, []);
  return state;
}

/** A shared module appears under each of its names, as in PyTorch. */
function collectState(
  module: Module,
  path: string,
  state: CollectedState,
  above: readonly Module[],
): void {
  if (above.includes(module)) {
    throw new ArgumentError(
      `${path}: ${module.constructor.name} contains itself; keep a reference to a parent in a #private field`,
    );
  }
  const { parameters, buffers, children } = ownFields(module);
  for (const [name, parameter] of parameters) state.tensors.set(join(path, name), parameter);
  for (const [name, buffer, isSaved] of buffers) {
    if (!isSaved) continue;
    checkAlive(module, name, buffer);
    state.tensors.set(join(path, name), buffer);
  }
  for (const name of module.newerState) state.optional.add(join(path, name));
  for (const [name, child] of children)
    collectState(child, join(path, name), state, [...above, module]);
}

function convert(tensor: Tensor, dtype: DType): Tensor {
  const values = cast(tensor.detach(), dtype);
  if (!(tensor instanceof Parameter)) return values.keep();
  return new Parameter(values, { requiresGrad: tensor.requiresGrad });
}
