import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WriteError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { isError } from '../realm.js';

export interface AppendFileOptions {
  /** Fails with the system's `EEXIST` as cause if the file is there. Default: false, appends to it. */
  isNew?: boolean;
}

const NAMES: OptionNames<AppendFileOptions> = { isNew: true };

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
   * @throws WriteError if it cannot be opened for writing
   */
  static async open(path: string, options: AppendFileOptions = {}): Promise<AppendFile> {
    checkOptions('AppendFile', options, NAMES);
    const { isNew = false } = options;
    try {
      await mkdir(dirname(path), { recursive: true });
      // Not 'a': that would ignore where a write is to go.
      const file = await open(path, isNew ? 'wx' : 'r+').catch((error: NodeJS.ErrnoException) => {
        if (isNew || error.code !== 'ENOENT') throw error;
        return open(path, 'wx');
      });
      return new AppendFile(path, file, (await file.stat()).size);
    } catch (error) {
      throw writeErrorOf(path, error);
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
    await this.#file.close();
  }
}

function writeErrorOf(path: string, error: unknown): WriteError {
  const reason = isError(error) ? error.message : String(error);
  return new WriteError(`${path} cannot be written: ${reason}`, { cause: error });
}
