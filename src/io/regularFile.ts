import { Buffer } from 'node:buffer';
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { CheckpointError } from '../errors.js';
import { checkPath, type FaultClass, kindOf, reasonOf } from './path.js';

/** Neither waits for the other end of a pipe, nor takes a terminal for its own. Windows has no such flags. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/** The most that one read call is asked for. */
const READ_BYTES = 2 ** 30;
/** Bytes of a piece, at most and at least. */
const PIECE_BYTES = 2 ** 20;
const LEAST_PIECE_BYTES = 2 ** 12;

export interface OpenOptions {
  /** The class of errors to throw. */
  readonly fault: FaultClass;
  /** What messages call the file. Default: its path. */
  readonly name?: string | undefined;
}

/**
 * A file that is open for reading: the one way in which this library opens files. Pipes, sockets, devices and folders
 * are refused before they are opened, so that nothing waits for them; one that takes the file's place in between is
 * refused as well, by what was opened.
 */
export class RegularFile {
  readonly name: string;
  /** In bytes, when it was opened; files of /proc say 0, and others may grow. */
  readonly size: number;
  readonly #fault: FaultClass;
  readonly #file: FileHandle;

  private constructor(file: FileHandle, size: number, fault: FaultClass, name: string) {
    this.#file = file;
    this.size = size;
    this.#fault = fault;
    this.name = name;
  }

  /**
   * Opens a file, hands it to `use`, and closes it.
   * @throws the class of error asked for, if there is no such file or it is something else
   * @throws ArgumentError if `path` is no path
   */
  static async use<T>(
    path: string,
    { fault, name = path }: OpenOptions,
    use: (file: RegularFile) => Promise<T>,
  ): Promise<T> {
    const { file, size } = await openRegular(path, fault, name);
    try {
      return await use(new RegularFile(file, size, fault, name));
    } finally {
      await file.close().catch(() => undefined);
    }
  }

  /** A part of the file, which has to be there. */
  async readRange(start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = this.#allocate(length);
    if ((await this.#fill(bytes, start)) < length) {
      throw new this.#fault(`${this.name}: became shorter while it was read`);
    }
    return bytes;
  }

  /**
   * The whole file, also one that grows while it is read.
   * @throws as it does for a file that cannot be read, if there are more than `maxBytes`
   */
  async readAll(maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.size > maxBytes) throw this.#tooLarge(this.size, maxBytes);
    const whole = this.#allocate(this.size);
    const length = await this.#fill(whole, 0);
    if (length < whole.length) return whole.slice(0, length);
    // The file may have grown, or be one of /proc, whose size nobody knows.
    if ((await this.#fill(new Uint8Array(1), length)) === 0) return whole;
    const pieces = [whole];
    let total = length;
    for await (const piece of this.pieces(maxBytes, length)) {
      pieces.push(piece);
      total += piece.length;
    }
    const joined = this.#allocate(total);
    let at = 0;
    for (const piece of pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    return joined;
  }

  /** The file piece by piece, from a place on to its end; each is a new array. */
  async *pieces(maxBytes: number, start = 0): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    if (this.size > maxBytes) throw this.#tooLarge(this.size, maxBytes);
    for (let at = start; ; ) {
      const left = Math.max(this.size - at, LEAST_PIECE_BYTES);
      const piece = this.#allocate(Math.min(left, PIECE_BYTES));
      const length = await this.#fill(piece, at);
      if (length === 0) return;
      at += length;
      if (at > maxBytes) throw this.#tooLarge(`more than ${maxBytes}`, maxBytes);
      yield length === piece.length ? piece : piece.subarray(0, length);
    }
  }

  /** When its content or its times were last changed, in nanoseconds. */
  async modified(): Promise<bigint> {
    const { mtimeNs, ctimeNs } = await this.#file.stat({ bigint: true });
    return mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  }

  #tooLarge(bytes: number | string, maxBytes: number): Error {
    return new this.#fault(`${this.name}: ${bytes} bytes, at most ${maxBytes} are read`);
  }

  /** Reads until the array is full, or the file at its end; returns how much that was. */
  async #fill(bytes: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < bytes.length) {
      const wanted = Math.min(bytes.length - done, READ_BYTES);
      const bytesRead = await this.#read(bytes, done, wanted, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async #read(bytes: Uint8Array, at: number, length: number, position: number): Promise<number> {
    try {
      return (await this.#file.read(bytes, at, length, position)).bytesRead;
    } catch (cause) {
      throw new this.#fault(`${this.name}: cannot be read: ${reasonOf(cause)}`, { cause });
    }
  }

  /** A sparse file can claim any size without taking it. */
  #allocate(length: number): Uint8Array<ArrayBuffer> {
    try {
      return new Uint8Array(length);
    } catch (cause) {
      throw new this.#fault(`${this.name}: no memory for a piece of ${length} bytes`, { cause });
    }
  }
}

/** Longest text that {@link readTextFile} reads where no other limit is named. */
const MAX_TEXT_BYTES = 2 ** 26;

/** A whole file as UTF-8 text; what is none becomes U+FFFD. */
export function readTextFile(
  path: string,
  fault: FaultClass,
  maxBytes = MAX_TEXT_BYTES,
): Promise<string> {
  return RegularFile.use(path, { fault }, async (file) => {
    const bytes = await file.readAll(maxBytes);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  });
}

async function openRegular(
  path: string,
  fault: FaultClass,
  name: string,
): Promise<{ file: FileHandle; size: number }> {
  checkPath(name === path ? 'reading a file' : name, path);
  const refuse = (kind: string): never => {
    throw new fault(`${name}: not a file, but ${kind}`);
  };
  let file: FileHandle | undefined;
  try {
    // Asked first: to open a device can already do something, and to open a pipe is seen by its other end.
    const there = await stat(path);
    if (!there.isFile()) refuse(kindOf(there));
    file = await open(path, FLAGS);
    const opened = await file.stat();
    if (!opened.isFile()) refuse(kindOf(opened));
    return { file, size: opened.size };
  } catch (cause) {
    await file?.close().catch(() => undefined);
    if (cause instanceof fault) throw cause;
    const what = fault === CheckpointError ? 'opened' : 'read';
    throw new fault(`${name}: cannot be ${what}: ${reasonOf(cause)}`, { cause });
  }
}
