import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { ArgumentError } from '../../errors.js';
import { checkNumber } from '../../numeric/numbers.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';
import { startOf, terminalLine, terminalName, terminalText } from '../../terminal.js';
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

/** 0.98765 -> `0.9877`, 1234 -> `1234`; what is no number by what it is, since metrics of users return anything */
function formatValue(value: number): string {
  if (typeof value !== 'number') return terminalName(inWords(value));
  if (Number.isInteger(value)) return String(value);
  const magnitude = Math.abs(value);
  return magnitude >= 1e-3 && magnitude < 1e5 ? value.toFixed(4) : value.toExponential(2);
}

/**
 * `loss 0.1234  accuracy 0.9731`
 * @throws ArgumentError for what has no values
 */
export function formatValues(values: Readonly<Record<string, number>>): string {
  if (typeof values !== 'object' || values === null) {
    throw new ArgumentError(`Progress: the values are ${inWords(values)}, expected { loss: ... }`);
  }
  return Object.entries(values)
    .map(([name, value]) => `${terminalName(name)} ${formatValue(value)}`)
    .join('  ');
}

/** @throws ArgumentError unless it is a number ≥ 0 */
function checkCount(name: string, value: number): number {
  return checkNumber('Progress', name, value, (count) => count >= 0, 'a number ≥ 0');
}

/** A share as part of a bar. */
function within(share: number): number {
  return Math.min(1, Math.max(0, share || 0));
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
   * @throws ArgumentError for an unknown option, or what is no number or stream where one is expected
   */
  constructor(epochs: number, options: ProgressOptions = {}) {
    checkOptions('Progress', options, NAMES);
    const { stream = process.stdout, steps, interval } = options;
    if (typeof stream !== 'object' || stream === null || typeof stream.write !== 'function') {
      throw new ArgumentError(
        `Progress: the stream is ${inWords(stream)}, expected one with write`,
      );
    }
    for (const [name, value] of Object.entries({ epochs, steps, interval })) {
      if (value !== undefined || name === 'epochs') checkCount(name, value ?? Number.NaN);
    }
    this.#stream = stream;
    this.#live = stream.isTTY === true;
    this.#interval = interval ?? (this.#live ? 100 : 5000);
    this.#epochs = epochs;
    this.#steps = steps;
  }

  /** True when the next update would be shown: reading values for it only then saves waiting for them. */
  get isDue(): boolean {
    return performance.now() - this.#shown >= this.#interval;
  }

  /** @param step steps of the epoch that were done before, in a part of the run that this one goes on from */
  startEpoch(epoch: number, step = 0): void {
    this.#epoch = checkCount('epoch', epoch);
    this.#firstStep = checkCount('step', step);
    this.#samples = 0;
    this.#started = performance.now();
    this.#shown = this.#started;
  }

  /** Counts samples; call once a step. */
  count(samples: number): void {
    this.#samples += checkCount('samples', samples);
  }

  /** Shows the state after a step (counted from 1). */
  update(step: number, values: Readonly<Record<string, number>>): void {
    checkCount('step', step);
    this.#shown = performance.now();
    const elapsed = (performance.now() - this.#started) / 1e3;
    const head = `epoch ${this.#epoch}/${this.#epochs}`;
    const tail = `${formatValues(values)}  ${Math.round(this.#samples / elapsed)} samples/s`;
    if (this.#steps === undefined) {
      this.#show(`${head}  step ${step}  ${tail}`);
      return;
    }
    const share = within(step / this.#steps);
    // Steps before a resume took none of the time.
    const done = within((step - this.#firstStep) / this.#steps);
    const left = formatSeconds((elapsed * (1 - share)) / done);
    const filled = Math.round(share * BAR_WIDTH);
    const bar = this.#live ? '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled) : ' step';
    this.#show(`${head} ${bar} ${step}/${this.#steps}  ${tail}  ${left} left`);
  }

  #show(line: string): void {
    if (this.#live) this.#overwrite(terminalLine(line));
    else this.#stream.write(`${terminalLine(line)}\n`);
  }

  /** Replaces the live line by a line that stays. */
  endEpoch(values: Readonly<Record<string, number>>): void {
    const elapsed = (performance.now() - this.#started) / 1e3;
    const speed = `${Math.round(this.#samples / elapsed)} samples/s`;
    const head = `epoch ${this.#epoch}/${this.#epochs}`;
    this.print(`${head}  ${formatValues(values)}  ${speed}  ${formatSeconds(elapsed)}`);
  }

  /**
   * Writes a line that stays, or several, in place of the live one. Control characters are shown as `\x1b`, since names
   * from files may be part of it.
   */
  print(line: string): void {
    this.clear();
    this.#stream.write(`${terminalText(typeof line === 'string' ? line : inWords(line))}\n`);
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.#live) this.#overwrite('');
  }

  #overwrite(line: string): void {
    const { columns } = this.#stream;
    const width = typeof columns === 'number' && columns > 0 ? columns : 80;
    this.#stream.write(`\r${startOf(line, width - 1)}\x1b[K`);
  }
}
