import { terminalText } from './terminal.js';

/** Characters of a message; what is longer loses its middle, since names in files and keys of options have no limit. */
const MAX_MESSAGE = 4000;
const KEPT_END = 1000;

function shortened(message: string): string {
  if (message.length <= MAX_MESSAGE) return message;
  const left = message.length - MAX_MESSAGE;
  const start = message.slice(0, MAX_MESSAGE - KEPT_END);
  return `${start} ... (${left} characters left out) ... ${message.slice(-KEPT_END)}`;
}

/**
 * Base class of all errors thrown by this library; `code` is stable, the message is for people, and cut in the middle
 * where it is longer than 4,000 characters. Control characters in it, of names in a file for example, are written as
 * `\x1b`, so that it can be shown on a terminal.
 */
export class AxonodeError extends Error {
  /** A stable, machine-readable name of the fault, such as `ERR_SHAPE`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    // Before, so that 5 MB are not gone through; and after, since what acts is longer when it is shown.
    super(shortened(terminalText(shortened(message))), options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Shapes, axes, sizes or options of an op that do not fit together. */
export class ShapeError extends AxonodeError {
  constructor(message: string) {
    super('ERR_SHAPE', message);
  }
}

/** A dtype that an op or a backend does not support. */
export class DTypeError extends AxonodeError {
  constructor(message: string) {
    super('ERR_DTYPE', message);
  }
}

/** An argument of the wrong type or outside its range. */
export class ArgumentError extends AxonodeError {
  constructor(message: string) {
    super('ERR_ARGUMENT', message);
  }
}

/** An index, found in a tensor's data, that lies outside its axis. */
export class IndexFaultError extends AxonodeError {
  constructor(message: string) {
    super('ERR_INDEX', message);
  }
}

/** A tensor was used after its memory had been given back. */
export class DisposedError extends AxonodeError {
  constructor(message: string) {
    super('ERR_DISPOSED', message);
  }
}

/** A misuse of autograd: no gradient to compute, a graph consumed twice, a saved tensor changed in place. */
export class AutogradError extends AxonodeError {
  constructor(message: string) {
    super('ERR_AUTOGRAD', message);
  }
}

/** A loss that is NaN or infinite, found by `TerminateOnNaN`. */
export class NonFiniteError extends AxonodeError {
  /** Where it began: the path of a layer in the model, the name of a parameter, or null outside of the model. */
  readonly where: string | null;
  /** The update that was not made for it. */
  readonly step: number;

  constructor(message: string, details: { readonly where: string | null; readonly step: number }) {
    super('ERR_NON_FINITE', message);
    this.where = details.where;
    this.step = details.step;
  }
}

/** A row-sparse gradient where only a dense one will do, or the other way round. */
export class SparseError extends AxonodeError {
  constructor(message: string) {
    super('ERR_SPARSE', message);
  }
}

/** The native backend cannot be loaded or has failed. */
export class BackendError extends AxonodeError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_BACKEND', message, options);
  }
}

/** Weights or a checkpoint that do not fit the model, or a file of weights that is damaged. */
export class CheckpointError extends AxonodeError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_CHECKPOINT', message, options);
  }
}

/** A dataset file that is missing, damaged or not what it claims to be. */
export class DataError extends AxonodeError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_DATA', message, options);
  }
}

/** A package that a feature needs, and that is installed only by those who use it, is missing or broken. */
export class DependencyError extends AxonodeError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_DEPENDENCY', message, options);
  }
}

/** A file that cannot be written: a full disk, a folder that is read-only. */
export class WriteError extends AxonodeError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_WRITE', message, options);
  }
}

/** A character that a vocabulary does not have. */
export class VocabularyError extends AxonodeError {
  /** The character, one code point. */
  readonly character: string;
  /** Its index in the text, as `text[position]` counts. */
  readonly position: number;

  constructor(message: string, character: string, position: number) {
    super('ERR_VOCABULARY', message);
    this.character = character;
    this.position = position;
  }
}
