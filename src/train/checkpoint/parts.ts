import { CheckpointError } from '../../errors.js';
import { isPrepared, reading } from '../../io/savedState.js';
import { isError } from '../../realm.js';

/** A part that checks its state first. */
interface PreparedPart {
  /** For messages. */
  readonly name: string;
  /** Checks the state, and returns what takes it over, which cannot fail. */
  readonly prepare: () => () => void;
}

/** A part of the user's own that checks and loads its state in one. */
interface LoadedPart {
  readonly name: string;
  readonly load: () => void;
  /** Notes how it is, and returns what puts it back. */
  readonly remember: () => () => void;
}

/** A part of a run, with what a checkpoint says of it. */
export type Part = PreparedPart | LoadedPart;

/** What has a state. Methods, so that those of any type of state fit. */
interface Stateful<S, R> {
  loadStateDict?(saved: S): void;
  prepareStateDict?(saved: S, run: R): () => void;
}

/**
 * A part, and how it is loaded.
 * @param before gives its present state, to go back to
 */
export function partOf<S, R>(
  name: string,
  owner: Stateful<S, R>,
  saved: S,
  before: () => S,
  run: R = undefined as R,
): Part {
  if (isPrepared(owner)) {
    return { name, prepare: () => owner.prepareStateDict?.(saved, run) ?? (() => {}) };
  }
  return {
    name,
    load: () => owner.loadStateDict?.(saved),
    remember: () => {
      const state = before();
      return () => owner.loadStateDict?.(state);
    },
  };
}

/** Runs what a part does; its errors name it, and are those of a checkpoint that does not fit. */
function inPart<T>(name: string, fn: () => T): T {
  try {
    return reading(name, fn);
  } catch (cause) {
    const message = isError(cause) ? cause.message : String(cause);
    const named = message.startsWith(`${name}: `) ? message : `${name}: ${message}`;
    throw new CheckpointError(named, { cause });
  }
}

/**
 * Loads all parts or, if one does not fit, none.
 * @param partsOf gives them; what it throws is thrown
 */
export function restoreAll(partsOf: () => readonly Part[]): void {
  const parts = partsOf();
  const takes: (() => void)[] = [];
  for (const part of parts) {
    if ('prepare' in part) takes.push(inPart(part.name, part.prepare));
  }
  const undos: (() => void)[] = [];
  try {
    for (const part of parts) {
      if ('prepare' in part) continue;
      undos.push(inPart(part.name, part.remember));
      inPart(part.name, part.load);
    }
  } catch (error) {
    for (const undo of undos.reverse()) {
      try {
        undo();
      } catch {
        // The first error is the one to tell.
      }
    }
    throw error;
  }
  for (const take of takes) take();
}
