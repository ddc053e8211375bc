import { AsyncLocalStorage } from 'node:async_hooks';
import { kindOf } from '../arguments.js';
import { ArgumentError } from '../errors.js';
import { isThenable } from '../realm.js';
import { Owned, ownedIn } from './owned.js';

/**
 * Where computation happens: whether it is recorded for gradients, and who owns the tensors it makes. Modules
 * open one around each `forward`; `scope` and `noGrad` open one for users.
 */
export interface Context {
  readonly parent: Context | null;
  readonly recording: boolean;
  /** Tensors to let go of at the end. */
  readonly owned: Owned[];
}

// A synchronous stack, as cheap as a variable, for code between two awaits; AsyncLocalStorage carries the
// context of an async `scope` or `noGrad` across its awaits.
let current: Context | null = null;
let asyncContexts = 0;
const asyncContext = new AsyncLocalStorage<Context>();

/** The innermost context, or null at the top level. */
export function currentContext(): Context | null {
  if (current !== null || asyncContexts === 0) return current;
  return asyncContext.getStore() ?? null;
}

/** True where ops on tensors that require gradients are recorded. */
export function isRecording(): boolean {
  return currentContext()?.recording ?? true;
}

/** Gives a new tensor to the innermost context; false at the top level. */
export function adopt(tensor: Owned): boolean {
  const context = currentContext();
  if (context === null) return false;
  context.owned.push(tensor);
  return true;
}

function close(context: Context, result: unknown): void {
  const { owned } = context;
  if (owned.length === 0) return;
  const returned = result instanceof Owned ? [result] : ownedIn(result);
  for (const tensor of returned) tensor.returned = true;
  for (const tensor of owned) {
    if (tensor.kept) continue;
    if (!tensor.returned) tensor.dispose();
    else if (context.parent) context.parent.owned.push(tensor);
    else tensor.leaveContexts();
  }
  owned.length = 0;
  for (const tensor of returned) tensor.returned = false;
}

/**
 * Runs a synchronous function in a context of its own: what it makes and does not return is let go of.
 * The cheap form, which modules and backward use.
 */
export function runInContext<T>(recording: boolean, fn: () => T): T {
  const previous = current;
  const context: Context = { parent: currentContext(), recording, owned: [] };
  current = context;
  let result: T | undefined;
  try {
    result = fn();
    return result;
  } finally {
    current = previous;
    close(context, result);
  }
}

/** As runInContext, for a function that may be async: its context follows it across awaits. */
export function runInAsyncContext<T>(recording: boolean, fn: () => T): T {
  if (typeof fn !== 'function') {
    throw new ArgumentError(`scope, noGrad, enableGrad: got ${kindOf(fn)}, expected a function`);
  }
  const previous = current;
  const context: Context = { parent: currentContext(), recording, owned: [] };
  asyncContexts++;
  current = context;
  let result: T | undefined;
  let settled: unknown;
  try {
    result = asyncContext.run(context, fn);
    settled = result;
  } finally {
    current = previous;
    if (!isThenable(result)) {
      asyncContexts--;
      close(context, settled);
    }
  }
  if (!isThenable(result)) return result;
  const closing = Promise.resolve(result).then(
    (value) => {
      asyncContexts--;
      close(context, value);
      return value;
    },
    (error: unknown) => {
      asyncContexts--;
      close(context, undefined);
      throw error;
    },
  );
  return closing as T;
}

/**
 * Frees every tensor that `fn` makes, except those that it returns, marks with `keep()`, or saved for a gradient
 * still to be computed. What it returns may hold tensors in arrays, plain objects, Maps, Sets and public fields of
 * classes, nested to any depth. `fn` may be async.
 *
 * @example
 * const mean = scope(() => x.sub(x.mean()).square().mean());
 */
export function scope<T>(fn: () => T): T {
  return runInAsyncContext(isRecording(), fn);
}

/**
 * Runs `fn` without recording anything for gradients, and frees its temporaries as {@link scope} does. `fn`
 * may be async.
 */
export function noGrad<T>(fn: () => T): T {
  return runInAsyncContext(false, fn);
}

/** Records again inside of {@link noGrad}. */
export function enableGrad<T>(fn: () => T): T {
  return runInAsyncContext(true, fn);
}

/** What a function has made. @internal */
export type Made = ReadonlySet<Owned>;

/**
 * Runs an async function and notes which tensors it makes outside of contexts of its own, but lets go of none:
 * for a caller who takes over some of them. @internal
 */
export async function noteMade<T>(
  fn: () => Promise<T>,
): Promise<{ readonly result: T; readonly made: Made }> {
  return runInAsyncContext(isRecording(), async () => {
    const context = currentContext();
    const result = await fn();
    const made = new Set(context?.owned.splice(0));
    return { result, made };
  });
}
