import { Buffer } from 'node:buffer';
import { AppendFile } from '../../io/appendFile.js';
import { writeFileAtomic } from '../../io/atomicFile.js';
import { checkPath } from '../../io/path.js';
import type { Callback, TrainingRun } from '../loop/callback.js';
import type { EpochRecord } from '../loop/history.js';
import { csvRow } from './csv.js';
import { tryWriting } from './writing.js';

const COLUMNS = ['epoch', 'step', 'lr', 'seconds', 'samplesPerSecond'] as const;

/**
 * Writes a CSV file with a row for every epoch: `epoch`, `step`, `lr`, `seconds`, `samplesPerSecond`, the loss and all
 * metrics. Rows are added as epochs end. A resumed run goes on in the file: epochs that it repeats replace those that
 * are there; any other run begins anew. If the file cannot be written, a warning says so and training goes on. A file
 * that is deleted or changed in mid-run is written anew, with all epochs, and a warning tells of it.
 *
 * A name that a spreadsheet would take for a formula, as it begins with `=` for example, gets an apostrophe before it.
 */
export class CsvLogger implements Callback {
  readonly path: string;
  #names: readonly string[] = [];
  #file: AppendFile | null = null;
  #isWritable = true;

  /**
   * @param path of the file; folders on the way to it are made
   * @throws ArgumentError if that is no path
   */
  constructor(path: string) {
    this.path = checkPath('CsvLogger', path);
  }

  async onTrainBegin(run: TrainingRun): Promise<void> {
    this.#isWritable = true;
    this.#names = [];
    // A resumed run knows its earlier epochs. What the file has beyond them was lost with the process.
    if (run.history.epochs.length > 0) await this.#try(run, () => this.#rewrite(run));
  }

  async onEpochEnd(run: TrainingRun, record: EpochRecord): Promise<void> {
    await this.#try(run, async () => {
      const isKnown = Object.keys(record.values).every((name) => this.#names.includes(name));
      const isThere = await this.#isThere(run);
      if (this.#file === null || !isKnown || !isThere) await this.#rewrite(run);
      else await this.#file.append(Buffer.from(this.#row(record)));
    });
  }

  async onTrainEnd(): Promise<void> {
    await this.#close();
  }

  async onTrainError(): Promise<void> {
    await this.#close();
  }

  /** False if what was written is no longer at its path. */
  async #isThere(run: TrainingRun): Promise<boolean> {
    if (this.#file === null || (await this.#file.isIntact())) return true;
    run.log.warn(
      { path: this.path },
      `${this.path} was deleted, moved or changed while training goes on; it is written anew`,
    );
    return false;
  }

  async #try(run: TrainingRun, write: () => Promise<void>): Promise<void> {
    if (this.#isWritable) this.#isWritable = await tryWriting(run, this.path, write);
  }

  /** All epochs so far: a name that is new gets a column. */
  async #rewrite({ history }: TrainingRun): Promise<void> {
    await this.#close();
    const names = history.epochs.flatMap((record) => Object.keys(record.values));
    this.#names = [...new Set(names)];
    const header = csvRow([...COLUMNS, ...this.#names]);
    const rows = history.epochs.map((record) => this.#row(record));
    await writeFileAtomic(this.path, header + rows.join(''), { makeFolder: true });
    this.#file = await AppendFile.open(this.path);
  }

  #row(record: EpochRecord): string {
    const fixed = COLUMNS.map((name) => record[name]);
    const { values } = record;
    const own = this.#names.map((name) => (Object.hasOwn(values, name) ? values[name] : undefined));
    return csvRow([...fixed, ...own]);
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }
}
