import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { checkOptions, type OptionNames } from '../../options.js';
import { formatSeconds } from '../loop/duration.js';

/** Where progress goes: a terminal, a file, a pipe. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface ProgressOptions {
  /** Steps of an epoch, if known. */
  steps?: number | undefined;
  /** Default: `process.stdout`. */
  stream?: ProgressStream | undefined;
  /** Milliseconds between two refreshes of the live line, and between plain lines. Default: 100 and 5000. */
  interval?: number;
}

const NAMES: OptionNames<ProgressOptions> = { steps: true, stream: true, interval: true };

const BAR_WIDTH = 20;

/** 0.98765 -> `0.9877`, 1234 -> `1234` */
function formatValue(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const magnitude = Math.abs(value);
  return magnitude >= 1e-3 && magnitude < 1e5 ? value.toFixed(4) : value.toExponential(2);
}

/** `loss 0.1234  accuracy 0.9731` */
export function formatValues(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${formatValue(value)}`)
    .join('  ');
}

/**
 * Training progress: on a terminal one live line with a bar, values, samples per second and the time left;
 * elsewhere a plain line now and then.
 */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #live: boolean;
  readonly #interval: number;
  readonly #epochs: number;
  readonly #steps: number | undefined;
  #epoch = 0;
  #firstStep = 0;
  #samples = 0;
  #started = 0;
  #shown = 0;

  /**
   * @param epochs in all
   * @throws ArgumentError for an unknown option
   */
  constructor(epochs: number, options: ProgressOptions = {}) {
    checkOptions('Progress', options, NAMES);
    const { stream = process.stdout, steps } = options;
    this.#stream = stream;
    this.#live = stream.isTTY === true;
    this.#interval = options.interval ?? (this.#live ? 100 : 5000);
    this.#epochs = epochs;
    this.#steps = steps;
  }

  /** True when the next update would be shown: reading values for it only then saves waiting for them. */
  get isDue(): boolean {
    return performance.now() - this.#shown >= this.#interval;
  }

  /** @param step steps of the epoch that were done before, in a part of the run that this one goes on from */
  startEpoch(epoch: number, step = 0): void {
    this.#epoch = epoch;
    this.#firstStep = step;
    this.#samples = 0;
    this.#started = performance.now();
    this.#shown = this.#started;
  }

  /** Counts samples; call once a step. */
  count(samples: number): void {
    this.#samples += samples;
  }

  /** Shows the state after a step (counted from 1). */
  update(step: number, values: Readonly<Record<string, number>>): void {
    this.#shown = performance.now();
    const elapsed = (performance.now() - this.#started) / 1e3;
    const head = `epoch ${this.#epoch}/${this.#epochs}`;
    const tail = `${formatValues(values)}  ${Math.round(this.#samples / elapsed)} samples/s`;
    if (this.#steps === undefined) {
      this.#show(`${head}  step ${step}  ${tail}`);
      return;
    }
    const share = Math.min(1, step / this.#steps);
    // Steps before a resume took none of the time.
    const done = Math.min(1, (step - this.#firstStep) / this.#steps);
    const left = formatSeconds((elapsed * (1 - share)) / done);
    const filled = Math.round(share * BAR_WIDTH);
    const bar = this.#live ? '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled) : ' step';
    this.#show(`${head} ${bar} ${step}/${this.#steps}  ${tail}  ${left} left`);
  }

  #show(line: string): void {
    if (this.#live) this.#overwrite(line);
    else this.#stream.write(`${line}\n`);
  }

  /** Replaces the live line by a line that stays. */
  endEpoch(values: Readonly<Record<string, number>>): void {
    const elapsed = (performance.now() - this.#started) / 1e3;
    const speed = `${Math.round(this.#samples / elapsed)} samples/s`;
    const head = `epoch ${this.#epoch}/${this.#epochs}`;
    this.print(`${head}  ${formatValues(values)}  ${speed}  ${formatSeconds(elapsed)}`);
  }

  /** Writes a line that stays, in place of the live one. */
  print(line: string): void {
    this.clear();
    this.#stream.write(`${line}\n`);
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.#live) this.#overwrite('');
  }

  #overwrite(line: string): void {
    const width = this.#stream.columns ?? 80;
    this.#stream.write(`\r${line.slice(0, Math.max(0, width - 1))}\x1b[K`);
  }
}
