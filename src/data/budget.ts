import { DataError } from '../errors.js';
import { checkMaxBytes } from '../io/path.js';

/** Bytes that a loader may hold in all: one limit for what it reads and for what it makes of it. */
export class Budget {
  readonly maxBytes: number;
  readonly #option: string;
  #left: number;

  /**
   * @param option that sets the limit, for messages
   * @throws ArgumentError unless the limit is a number ≥ 0
   */
  constructor(owner: string, maxBytes: number, option = 'maxBytes') {
    this.maxBytes = checkMaxBytes(owner, maxBytes, option);
    this.#option = option;
    this.#left = maxBytes;
  }

  get left(): number {
    return this.#left;
  }

  /**
   * Takes bytes, before memory is.
   * @param name of the file that they are for
   * @throws DataError if there are not so many left
   */
  take(bytes: number, name: string): void {
    if (bytes > this.#left) {
      throw new DataError(
        `${name}: needs ${bytes} bytes more, ${this.#left} are left of the ${this.maxBytes} that may be held (${this.#option})`,
      );
    }
    this.#left -= bytes;
  }
}
