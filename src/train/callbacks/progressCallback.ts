import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { terminalLine, terminalText } from '../../terminal.js';
import type { Callback, StepInfo, TrainingRun } from '../loop/callback.js';
import type { EpochRecord, History } from '../loop/history.js';
import type { Logger } from '../loop/logger.js';
import { Progress, type ProgressStream } from './progress.js';

export interface ProgressCallbackOptions {
  /** Default: `process.stdout`. */
  stream?: ProgressStream | undefined;
  /** Takes the lines, with their values, in place of the stream. */
  logger?: Logger | undefined;
}

/** Milliseconds between two lines of an epoch under way, in a log. */
const LOG_INTERVAL = 30_000;

/** What `fit` shows of a run: a live line or plain lines on a stream, or lines with values for a logger. */
export class ProgressCallback implements Callback {
  readonly #stream: ProgressStream | undefined;
  readonly #logger: Logger | undefined;
  #progress: Progress | null = null;
  #logged = 0;

  constructor(options: ProgressCallbackOptions = {}) {
    this.#stream = options.stream;
    this.#logger = options.logger;
  }

  /** Messages of others between the lines of progress. */
  readonly log: Logger = {
    info: (_, message) => this.#print(message),
    warn: (_, message) => this.#print(message),
  };

  #print(line: string): void {
    if (this.#progress !== null) this.#progress.print(line);
    else (this.#stream ?? process.stdout).write(`${terminalText(line)}\n`);
  }

  onTrainBegin(run: TrainingRun): void {
    this.#logged = performance.now();
    if (this.#logger !== undefined) return;
    const { epochs, batchesPerEpoch: steps } = run;
    this.#progress = new Progress(epochs, { steps, stream: this.#stream });
  }

  onEpochBegin(run: TrainingRun): void {
    this.#progress?.startEpoch(run.epoch, run.batch);
  }

  onBatchEnd(run: TrainingRun, { samples }: StepInfo): void {
    this.#progress?.count(samples);
    if (this.#progress?.isDue) {
      const values = run.values();
      // Before the first loss there is nothing to tell.
      if ('loss' in values) this.#progress.update(run.batch, values);
    } else if (this.#logger !== undefined && performance.now() - this.#logged > LOG_INTERVAL) {
      this.#logged = performance.now();
      const { epoch, epochs, step } = run;
      this.#logger.info({ epoch, step, ...run.values() }, `epoch ${epoch}/${epochs}, step ${step}`);
    }
  }

  onEpochEnd(run: TrainingRun, record: EpochRecord): void {
    const { epoch, values, lr } = record;
    this.#progress?.endEpoch({ ...values, lr });
    const { seconds, step, samplesPerSecond } = record;
    this.#logger?.info(
      { epoch, step, ...values, lr, seconds, samplesPerSecond },
      `epoch ${epoch}/${run.epochs}`,
    );
  }

  onTrainEnd(run: TrainingRun, history: History): void {
    this.#progress?.clear();
    const { stopReason, overfittingSince } = history;
    if (stopReason !== 'finished') {
      run.log.info(
        { stopReason },
        `stopped in epoch ${run.epoch}: ${terminalLine(stopReason ?? '')}`,
      );
    }
    if (overfittingSince !== null) run.log.warn({ overfittingSince }, history.summary());
  }

  onTrainError(): void {
    this.#progress?.clear();
  }
}
