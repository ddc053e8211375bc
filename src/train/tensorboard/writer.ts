import { Buffer } from 'node:buffer';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { clearTimeout, setTimeout } from 'node:timers';
import { ArgumentError, WriteError } from '../../errors.js';
import { AppendFile } from '../../io/appendFile.js';
import { checkPath } from '../../io/path.js';
import { checkNumbers } from '../../numeric/numbers.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';
import { terminalLine } from '../../terminal.js';
import type { Raster } from '../../vision/png.js';
import {
  bucketsOf,
  histogramEvent,
  imageEvent,
  purgeEvent,
  scalarEvent,
  textEvent,
  versionEvent,
} from './event.js';

export interface TensorBoardWriterOptions {
  /**
   * The run was resumed: what earlier files of the folder say of this step and of later ones is no longer shown.
   * Default: nothing is forgotten.
   */
  purgeStep?: number | undefined;
  /** Seconds until what was added is in the file. Default: 5. */
  flushSeconds?: number;
  /** Bytes that wait at most. Default: 1 MiB. */
  flushBytes?: number;
  /**
   * Told when the file was deleted, moved or changed by somebody else, so that what it had is lost; a new file takes
   * what follows. Default: a warning of the process.
   */
  onWarning?: ((message: string) => void) | undefined;
}

const NAMES: OptionNames<TensorBoardWriterOptions> = {
  purgeStep: true,
  flushSeconds: true,
  flushBytes: true,
  onWarning: true,
};

/**
 * Writes what TensorBoard shows: numbers over time, distributions, images and text. Start `tensorboard --logdir FOLDER`
 * on the folder, or on one above it to compare runs.
 *
 * Adding a value does not wait; it is in the file at most `flushSeconds` later, and stays there if the process dies.
 * A new writer begins a new file, so that a folder can be used again.
 *
 * @example
 * const board = new train.TensorBoardWriter('runs/first');
 * board.scalar('loss', 0.25, step);
 * board.histogram('weights/fc', await fc.weight.data(), step);
 * board.image('samples', vision.renderGrid(images), step);
 * await board.close();
 */
export class TensorBoardWriter implements AsyncDisposable {
  readonly folder: string;
  readonly #flushSeconds: number;
  readonly #flushBytes: number;
  readonly #onWarning: (message: string) => void;
  #file: AppendFile | null = null;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Writes go one after the other. */
  #writing: Promise<void> = Promise.resolve();
  /** Of a write that nobody waited for. */
  #failure: WriteError | null = null;
  #isClosed = false;
  /** Whether the file to come follows one that is gone. */
  #wasLeft = false;
  /** The time in milliseconds when the writer was made, by both clocks: that of the system may be put back. */
  readonly #madeAt = { system: Date.now(), steady: performance.now() };

  /**
   * @param folder of the run; made when the first value is written
   * @throws ArgumentError for options that are unknown or out of range
   */
  constructor(folder: string, options: TensorBoardWriterOptions = {}) {
    checkOptions('TensorBoardWriter', options, NAMES);
    const { purgeStep, flushSeconds = 5, flushBytes = 2 ** 20 } = options;
    const areNumbers = typeof flushSeconds === 'number' && typeof flushBytes === 'number';
    if (!(areNumbers && flushSeconds >= 0 && flushSeconds <= 86_400 && flushBytes >= 0)) {
      throw new ArgumentError(
        `TensorBoardWriter: flushSeconds is ${inWords(flushSeconds)} and flushBytes ${inWords(flushBytes)}, ` +
          'expected 0 or more, and no more than a day',
      );
    }
    this.folder = checkPath('TensorBoardWriter', folder);
    this.#onWarning =
      options.onWarning ?? ((message) => process.emitWarning(terminalLine(message)));
    this.#flushSeconds = flushSeconds;
    this.#flushBytes = flushBytes;
    this.#waiting.push(versionEvent(this.#now()));
    if (purgeStep !== undefined) this.#waiting.push(purgeEvent(this.#now(), checkStep(purgeStep)));
  }

  /** The file of events, once something was written. */
  get path(): string | null {
    return this.#file?.path ?? null;
  }

  /**
   * A number (kept as float32), such as a loss. Tags with a slash are shown in groups: `loss/train`.
   * @param step from 0
   */
  scalar(tag: string, value: number, step: number): void {
    this.#add(scalarEvent(this.#now(), checkStep(step), checkTag(tag), checkValue(value)));
  }

  /** How values are distributed; NaN and infinity are left out, and nothing is written if there is nothing else. */
  histogram(tag: string, values: ArrayLike<number>, step: number): void {
    checkStep(step);
    const shown = checkTag(tag);
    const buckets = bucketsOf(checkNumbers('TensorBoardWriter', 'values', values));
    if (buckets) this.#add(histogramEvent(this.#now(), step, shown, buckets));
  }

  /** An image; many as one with `vision.renderGrid`. */
  image(tag: string, image: Raster, step: number): void {
    this.#add(imageEvent(this.#now(), checkStep(step), checkTag(tag), image));
  }

  /** Text; TensorBoard takes it as Markdown. */
  text(tag: string, text: string, step: number): void {
    this.#add(textEvent(this.#now(), checkStep(step), checkTag(tag), checkContent(text)));
  }

  /**
   * Waits until everything so far is in the file, safe from a power cut.
   * @throws WriteError if it cannot be written; it is kept, and tried again next time
   */
  async flush(): Promise<void> {
    this.#failure = null;
    await this.#write();
    await this.#file?.sync();
  }

  /**
   * Flushes, and ends; closing again does nothing.
   * @throws WriteError as {@link flush}
   */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.flush();
    } finally {
      await this.#file?.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #add(event: Uint8Array): void {
    if (this.#isClosed) throw new ArgumentError(`TensorBoardWriter: ${this.folder} is closed`);
    if (this.#failure) throw this.#failure;
    this.#waiting.push(event);
    this.#waitingBytes += event.length;
    if (this.#waitingBytes > this.#flushBytes) {
      this.#writeLater();
    } else {
      // Keeps the process alive until then, so that nothing is lost for want of close().
      this.#timer ??= setTimeout(() => this.#writeLater(), this.#flushSeconds * 1e3);
    }
  }

  /** Seconds since 1970, never less than before: readers take differences. */
  #now(): number {
    const { system, steady } = this.#madeAt;
    return Math.floor(system + performance.now() - steady) / 1e3;
  }

  #writeLater(): void {
    this.#write().catch((error: WriteError) => {
      this.#failure = error;
    });
  }

  #write(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const turn = this.#writing.then(async () => {
      await this.#leaveIfGone();
      if (this.#waiting.length === 0) return;
      if (this.#file === null) {
        this.#file = await this.#create();
        if (this.#wasLeft) this.#waiting.unshift(versionEvent(this.#now()));
        this.#wasLeft = false;
      }
      const events = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      try {
        await this.#file.append(Buffer.concat(events));
      } catch (error) {
        this.#waiting = [...events, ...this.#waiting];
        throw error;
      }
    });
    this.#writing = turn.catch(() => undefined);
    return turn;
  }

  /** A file that nobody can find any more takes nothing more. */
  async #leaveIfGone(): Promise<void> {
    const file = this.#file;
    if (file === null || (await file.isIntact())) return;
    this.#file = null;
    this.#wasLeft = true;
    await file.close().catch(() => undefined);
    this.#onWarning(
      `${file.path} was deleted, moved or changed while it was written; what it had is lost, a new file takes what follows`,
    );
  }

  /** Readers take the files of a folder in the order of their names, so these begin with the time. */
  async #create(): Promise<AppendFile> {
    const host = hostname().replace(/[^\w-]/g, '_') || 'host';
    for (let attempt = 0; ; attempt++) {
      const time = (this.#now() + attempt * 1e-6).toFixed(6).padStart(17, '0');
      const name = `events.out.tfevents.${time}.${host}.${process.pid}`;
      try {
        return await AppendFile.open(join(this.folder, name), { isNew: true });
      } catch (error) {
        const { code } = error instanceof WriteError ? (error.cause as NodeJS.ErrnoException) : {};
        if (code !== 'EEXIST' || attempt === 100) throw error;
      }
    }
  }
}

function checkStep(step: number): number {
  if (Number.isSafeInteger(step) && step >= 0) return step;
  throw new ArgumentError(`TensorBoardWriter: step is ${inWords(step)}, expected an integer ≥ 0`);
}

/** Characters of a tag that readers have a use for. */
const MOST_IN_TAG = 500;

/** The tag, with control characters in it shown, and cut where it is long: a tag may be a name from a file. */
function checkTag(tag: string): string {
  if (typeof tag === 'string' && tag !== '') return terminalLine(tag, MOST_IN_TAG);
  throw new ArgumentError(
    `TensorBoardWriter: a tag is ${tag === '' ? 'empty' : inWords(tag)}, expected a name such as "loss/train"`,
  );
}

function checkValue(value: number): number {
  if (typeof value === 'number') return value;
  throw new ArgumentError(`TensorBoardWriter: a value is ${inWords(value)}, expected a number`);
}

function checkContent(text: string): string {
  if (typeof text === 'string') return text;
  throw new ArgumentError(`TensorBoardWriter: a text is ${inWords(text)}, expected a string`);
}
