import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WriteError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { makeFolder } from './folder.js';
import { checkPath, codeOf, kindOf, reasonOf } from './path.js';

export interface AppendFileOptions {
  /** Fails with the system's `EEXIST` as cause if the file is there. Default: false, appends to it. */
  isNew?: boolean;
}

const NAMES: OptionNames<AppendFileOptions> = { isNew: true };

/** Reads, since some systems ask for it of a file that is written in its middle; never waits for a pipe. */
const FLAGS = constants.O_RDWR | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * A file that grows. What could not be written as a whole (a full disk) is taken back, so that the file never ends in
 * half a record, and can be tried again.
 */
export class AppendFile {
  readonly path: string;
  readonly #file: FileHandle;
  #size: number;

  private constructor(path: string, file: FileHandle, size: number) {
    this.path = path;
    this.#file = file;
    this.#size = size;
  }

  /**
   * Opens a file, and makes its folder. Appends to what is there.
   * @throws WriteError if it cannot be opened for writing, or is a pipe, a device or a folder
   */
  static async open(path: string, options: AppendFileOptions = {}): Promise<AppendFile> {
    checkOptions('AppendFile', options, NAMES);
    checkPath('AppendFile', path);
    await makeFolder(dirname(path));
    let file: FileHandle | undefined;
    try {
      file = await openFile(path, options.isNew === true);
      const opened = await file.stat();
      if (!opened.isFile()) throw new WriteError(notAFile(path, kindOf(opened)));
      return new AppendFile(path, file, opened.size);
    } catch (error) {
      await file?.close().catch(() => undefined);
      throw writeErrorOf(path, error);
    }
  }

  /**
   * False if the file was deleted, moved, replaced or cut since it was opened: what is appended would be lost, or of no
   * use to a reader.
   */
  async isIntact(): Promise<boolean> {
    try {
      const [own, there] = await Promise.all([
        this.#file.stat({ bigint: true }),
        stat(this.path, { bigint: true }),
      ]);
      return own.ino === there.ino && own.dev === there.dev && there.size === BigInt(this.#size);
    } catch {
      return false;
    }
  }

  /** @throws WriteError if not all could be written; then none is in the file */
  async append(content: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < content.length; ) {
        const rest = content.subarray(done);
        done += (await this.#file.write(rest, 0, rest.length, this.#size + done)).bytesWritten;
      }
      this.#size += content.length;
    } catch (error) {
      await this.#file.truncate(this.#size).catch(() => undefined);
      throw writeErrorOf(this.path, error);
    }
  }

  /** Makes what was written outlast a power cut. */
  async sync(): Promise<void> {
    try {
      await this.#file.datasync();
    } catch (error) {
      throw writeErrorOf(this.path, error);
    }
  }

  async close(): Promise<void> {
    try {
      await this.#file.close();
    } catch (error) {
      throw writeErrorOf(this.path, error);
    }
  }
}

async function openFile(path: string, isNew: boolean): Promise<FileHandle> {
  if (isNew) return open(path, 'wx');
  try {
    const there = await stat(path);
    if (!there.isFile()) throw new WriteError(notAFile(path, kindOf(there)));
    // Not 'a': that would ignore where a write is to go.
    return await open(path, FLAGS);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return open(path, 'wx');
  }
}

function notAFile(path: string, kind: string): string {
  return `${path} cannot be written: it is ${kind}, not a file`;
}

function writeErrorOf(path: string, error: unknown): WriteError {
  if (error instanceof WriteError) return error;
  return new WriteError(`${path} cannot be written: ${reasonOf(error)}`, { cause: error });
}
