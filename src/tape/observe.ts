import type { Tensor } from '../tensor/tensor.js';

/** An op that has run, with what it was given and what came of it. */
export interface OpCall {
  /** The op's name; that of the public function, where it is one. */
  readonly name: string;
  readonly outputs: readonly Tensor[];
  /** Null for optional operands that were not given. */
  readonly inputs: readonly (Tensor | null)[];
  /** In the user's terms: kernel size, padding, axis. */
  readonly attrs: object;
}

/** Is told of every op that has run, while its tensors are alive. */
export type OpObserver = (call: OpCall) => void;

let observer: OpObserver | null = null;

/**
 * Lets `seen` observe every op while `fn`, which is synchronous, runs, also ops without a gradient; returns what it
 * returns. An op that is made of others shows those; one with a gradient rule of its own shows itself alone.
 */
export function observeOps<T>(seen: OpObserver, fn: () => T): T {
  const outer = observer;
  observer = (call) => {
    seen(call);
    outer?.(call);
  };
  try {
    return fn();
  } finally {
    observer = outer;
  }
}

/** Runs `fn` without telling the observer: for the inside of an op that shows itself. */
export function unobserved<T>(fn: () => T): T {
  if (observer === null) return fn();
  const outer = observer;
  observer = null;
  try {
    return fn();
  } finally {
    observer = outer;
  }
}

/** The observer of the moment; null if nobody looks. */
export function currentObserver(): OpObserver | null {
  return observer;
}
