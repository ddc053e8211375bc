import { ArgumentError } from '../errors.js';
import { isError, isPlainObject, isThenable } from '../realm.js';
import { enterForward } from '../tensor/owned.js';
import { isRecording, runInContext } from '../tensor/scope.js';
import { Tensor } from '../tensor/tensor.js';
import { afterForward, beforeForward } from './fields.js';

/** A module, as far as this file knows it. */
export interface Runnable {
  namedModules(): readonly (readonly [path: string, module: Runnable])[];
}

/** Is told of every forward that ends well, inner ones first. */
export type Seen = (module: Runnable, inputs: readonly unknown[], output: unknown) => void;

type Forward = (this: Runnable, ...inputs: unknown[]) => unknown;

let observer: Seen | null = null;
/** Modules whose forward runs now, outermost first. */
const running: Runnable[] = [];
const wrappedPrototypes = new WeakSet<object>();
const blamed = new WeakSet<Error>();

/** Lets `seen` see every module's forward while `fn`, which is synchronous, runs; returns what it returns. @internal */
export function watchForward<T>(seen: Seen, fn: () => T): T {
  const outer = observer;
  observer = (module, inputs, output) => {
    seen(module, inputs, output);
    outer?.(module, inputs, output);
  };
  try {
    return fn();
  } finally {
    observer = outer;
  }
}

/** True while somebody observes; every module's own forward has to run then. @internal */
export function isObserved(): boolean {
  return observer !== null;
}

/** Makes the `forward` of a class, and of those that it extends, a scope; once for each. @internal */
export function wrapForward(prototype: object): void {
  let owner: object | null = prototype;
  while (owner !== null && !wrappedPrototypes.has(owner)) {
    wrappedPrototypes.add(owner);
    const own: PropertyDescriptor | undefined = Object.getOwnPropertyDescriptor(owner, 'forward');
    if (typeof own?.value === 'function') {
      Object.defineProperty(owner, 'forward', { ...own, value: scoped(own.value) });
    }
    owner = Object.getPrototypeOf(owner);
  }
}

function scoped(forward: Forward): Forward {
  return function (this: Runnable, ...inputs: unknown[]): unknown {
    // super.forward() is part of the call that runs already.
    if (running.at(-1) === this) return forward.apply(this, inputs);
    running.push(this);
    const wasRunning = enterForward(true);
    try {
      return runInContext(isRecording(), () => {
        beforeForward(this);
        for (const input of inputs) markPassing(input);
        const output = forward.apply(this, inputs);
        if (isThenable(output)) {
          throw new ArgumentError('forward: it is async, expected a function that returns at once');
        }
        afterForward(this);
        observer?.(this, inputs, output);
        return output;
      });
    } catch (error) {
      if (isError(error)) blame(error);
      throw error;
    } finally {
      enterForward(wasRunning);
      running.pop();
    }
  };
}

/** What is handed to a forward is not state of the modules that keep it; what was kept before may well be. */
function markPassing(input: unknown): void {
  if (input instanceof Tensor) {
    if (!input.kept) input.passing = true;
  } else if (Array.isArray(input)) {
    for (const each of input) if (each instanceof Tensor && !each.kept) each.passing = true;
  } else if (typeof input === 'object' && input !== null) {
    if (!isPlainObject(input)) return;
    for (const each of Object.values(input)) {
      if (each instanceof Tensor && !each.kept) each.passing = true;
    }
  }
}

/** Puts the path of the module that failed before the message: `layer1.0.conv1: conv2d: ...`. */
function blame(error: Error): void {
  if (blamed.has(error)) return;
  blamed.add(error);
  const path = pathOfRunning();
  if (path === '') return;
  const { message, stack } = error;
  Reflect.set(error, 'message', `${path}: ${message}`);
  if (stack !== undefined)
    Reflect.set(
      error,
      'stack',
      stack.replace(message, () => error.message),
    );
}

/** Path of the innermost running module that the outermost one contains; '' for that one itself. */
function pathOfRunning(): string {
  const paths = pathsIn(running[0]);
  for (const module of running.toReversed()) {
    const path = paths.get(module);
    if (path !== undefined) return path;
  }
  return '';
}

function pathsIn(root: Runnable | undefined): ReadonlyMap<Runnable, string> {
  try {
    return new Map(root?.namedModules().map(([path, module]) => [module, path]));
  } catch {
    // A field that is no part of the model is reported by itself; here another error is on its way.
    return new Map();
  }
}
