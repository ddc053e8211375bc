import { ArgumentError } from '../../errors.js';
import type { TrainingRun } from '../loop/callback.js';
import type { EpochRecord } from '../loop/history.js';
import type { Mode } from '../metrics/metric.js';

/** A value that a callback watches, and which way is up. */
export interface Monitor {
  readonly name: string;
  readonly mode: Mode;
}

/** What was asked for, or else the validation loss, or else the loss. */
export function monitorOf(
  run: TrainingRun,
  asked: { readonly monitor?: string | undefined; readonly mode?: Mode | undefined },
): Monitor {
  const name = asked.monitor ?? (run.hasValidation ? 'valLoss' : 'loss');
  return { name, mode: asked.mode ?? run.modeOf(name) };
}

/**
 * The monitored value of an epoch.
 * @throws ArgumentError if it has none of that name
 */
export function monitored(owner: string, record: EpochRecord, name: string): number {
  const value = record.values[name];
  if (value !== undefined) return value;
  const known = Object.keys(record.values).join(', ');
  throw new ArgumentError(`${owner}: there is no value ${name} to monitor; there are: ${known}`);
}

/** True if a value is better than the best so far by more than a margin. */
export function isBetter(value: number, best: number | null, mode: Mode, margin = 0): boolean {
  if (best === null || Number.isNaN(best)) return !Number.isNaN(value);
  return mode === 'min' ? value < best - margin : value > best + margin;
}
