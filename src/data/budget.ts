import { DataError } from '../errors.js';
import { checkMaxBytes } from '../io/path.js';

/** Bytes that a loader may hold in all: one limit for what it reads and for what it makes of it. */
export class Budget {
  readonly maxBytes: number;
  #left: number;

  /** @throws ArgumentError unless the limit is a number ≥ 0 */
  constructor(owner: string, maxBytes: number) {
    this.maxBytes = checkMaxBytes(owner, maxBytes);
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
        `${name}: needs ${bytes} bytes more, ${this.#left} are left of the ${this.maxBytes} that may be held (maxBytes)`,
      );
    }
    this.#left -= bytes;
  }
}
