import { getRandomState, type RandomState, setRandomState } from '../../tensor/random.js';
import type { EpochRecord, History, StopReason } from './history.js';
import { Stopwatch } from './stopwatch.js';

/** What a checkpoint says of a {@link Position}, plain JSON. */
export interface PositionRecord {
  readonly epochsDone: number;
  readonly step: number;
  readonly batch: number;
  readonly samples: number;
  readonly seconds: number;
  readonly trained: Readonly<Record<string, number>> | null;
  readonly stopReason: string | null;
  readonly random: RandomState;
  readonly epochs: readonly EpochRecord[];
}

/**
 * Where a run is. The loop counts here and nowhere else, and a checkpoint records all of it, so that what a loop
 * knows of its place is what a resumed run finds.
 */
export class Position {
  /** Epochs that have ended. */
  epochsDone = 0;
  /** Updates of the weights since the run began. */
  step = 0;
  /** Batches of the epoch under way that were trained on. */
  batch = 0;
  /** Samples of these batches. */
  samples = 0;
  /** Time that the training part of the epoch under way has taken. */
  readonly watch = new Stopwatch();
  /** What the training part came to, once it is done. */
  trained: Readonly<Record<string, number>> | null = null;
  /** Why the run ends before its last epoch; null if nobody has asked for that. */
  stopReason: StopReason | null = null;
  readonly history: History;

  constructor(history: History) {
    this.history = history;
  }

  /** Moves on to the next epoch. */
  endEpoch(): void {
    this.epochsDone++;
    this.batch = 0;
    this.samples = 0;
    this.watch.seconds = 0;
    this.trained = null;
  }

  /** All of it, and where the random numbers are. */
  record(): PositionRecord {
    return {
      epochsDone: this.epochsDone,
      step: this.step,
      batch: this.batch,
      samples: this.samples,
      seconds: this.watch.seconds,
      trained: this.trained,
      // An interruption is no reason not to go on.
      stopReason: this.stopReason === 'aborted' ? null : this.stopReason,
      random: getRandomState(),
      epochs: [...this.history.epochs],
    };
  }

  /** Goes to where a record was taken, random numbers included. */
  restore(record: PositionRecord): void {
    setRandomState(record.random);
    this.epochsDone = record.epochsDone;
    this.step = record.step;
    this.batch = record.batch;
    this.samples = record.samples;
    this.watch.seconds = record.seconds;
    this.trained = record.trained;
    this.stopReason = record.stopReason;
    this.history.replace(record.epochs);
  }
}
