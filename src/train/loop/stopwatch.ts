import { performance } from 'node:perf_hooks';
/** Adds up time while it runs. */
export class Stopwatch {
  #before = 0;
  #started: number | null = null;

  /** Seconds so far. */
  get seconds(): number {
    const running = this.#started === null ? 0 : (performance.now() - this.#started) / 1e3;
    return this.#before + running;
  }

  set seconds(seconds: number) {
    this.#before = seconds;
  }

  start(): void {
    this.#started = performance.now();
  }

  stop(): void {
    this.#before = this.seconds;
    this.#started = null;
  }
}
