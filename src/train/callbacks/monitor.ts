import { ArgumentError } from '../../errors.js';
import { checkChoice } from '../../ops/kit/options.js';
import type { Goal } from '../../optim/goal.js';
import type { TrainingRun } from '../loop/callback.js';
import type { EpochRecord } from '../loop/history.js';

/** A value that a callback watches, and which way is up. */
export interface Monitor {
  readonly name: string;
  readonly goal: Goal;
}

/** What the options of a callback say of its monitor. */
export interface Asked {
  readonly monitor?: string | undefined;
  readonly goal?: Goal | undefined;
}

/** @throws ArgumentError for a goal that is none */
export function askedOf(owner: string, monitor: string | undefined, goal: Goal | undefined): Asked {
  if (goal !== undefined) checkChoice(goal, ['min', 'max'], 'goal', owner);
  return { monitor, goal };
}

/** What was asked for, or else the validation loss, or else the loss. */
export function monitorOf(run: TrainingRun, asked: Asked): Monitor {
  const name = asked.monitor ?? (run.hasValidation ? 'valLoss' : 'loss');
  return { name, goal: asked.goal ?? run.goalOf(name) };
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
export function isBetter(value: number, best: number | null, goal: Goal, margin = 0): boolean {
  if (best === null || Number.isNaN(best)) return !Number.isNaN(value);
  return goal === 'min' ? value < best - margin : value > best + margin;
}
