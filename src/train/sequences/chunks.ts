import { ArgumentError, ShapeError } from '../../errors.js';
import { concat } from '../../ops/join.js';
import { checkTensor } from '../../ops/kit/define.js';
import { narrow } from '../../ops/slice.js';
import { inWords } from '../../options.js';
import { type Made, noteMade, runInContext } from '../../tensor/scope.js';
import { formatShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';

/** A stretch of a sequence, or of several side by side: any number of time steps. */
export interface SequenceChunk {
  readonly input: Tensor;
  /** What is expected at each step. */
  readonly target: Tensor;
  /** True where a new sequence begins; or one for each row of the batch. Default: it goes on. */
  readonly reset?: boolean | readonly boolean[];
}

/** Where the time steps and the rows of a batch are: [T, B, ...], or [B, T, ...]. */
export interface Axes {
  readonly time: 0 | 1;
  readonly batch: 0 | 1;
}

/** A stretch that was read, in handles of its own. */
export interface Stretch extends SequenceChunk {
  readonly steps: number;
  /** Steps that were taken from it. */
  start: number;
}

type Source = AsyncIterable<SequenceChunk> | Iterable<SequenceChunk>;

function isReset({ reset }: SequenceChunk): boolean {
  return typeof reset === 'boolean' ? reset : (reset?.includes(true) ?? false);
}

function release({ input, target }: SequenceChunk): void {
  input.dispose();
  target.dispose();
}

/**
 * Reads a stream in chunks of `length` time steps, whatever the lengths of its own pieces: longer ones are cut,
 * shorter ones joined, but never over the beginning of a sequence. Without a length, piece by piece.
 */
export class ChunkReader {
  readonly #source: AsyncIterator<SequenceChunk> | Iterator<SequenceChunk>;
  readonly #length: number | null;
  readonly #axes: Axes;
  /** Read, and not used up. */
  #stretches: Stretch[] = [];
  /** Begins a sequence: the chunk before has to end first. */
  #waiting: Stretch | null = null;
  #count = 0;

  constructor(source: Source, length: number | null, axes: Axes) {
    const { [Symbol.asyncIterator]: asyncly, [Symbol.iterator]: syncly } = (source ?? {}) as {
      [Symbol.asyncIterator]?: () => AsyncIterator<SequenceChunk>;
      [Symbol.iterator]?: () => Iterator<SequenceChunk>;
    };
    if (typeof asyncly === 'function') this.#source = asyncly.call(source);
    else if (typeof syncly === 'function') this.#source = syncly.call(source);
    else {
      throw new ArgumentError(`truncatedBptt: the stream is ${inWords(source)}, expected pieces`);
    }
    this.#length = length;
    this.#axes = axes;
  }

  /** The next chunk, for the caller to dispose of; null at the end. */
  async read(): Promise<Stretch | null> {
    if (this.#length === null) return this.#pull();
    let steps = this.#stretches.reduce((sum, part) => sum + part.steps - part.start, 0);
    while (steps < this.#length) {
      const stretch = this.#waiting ?? (await this.#pull());
      this.#waiting = null;
      if (stretch === null) break;
      if (isReset(stretch) && this.#stretches.length > 0) {
        this.#waiting = stretch;
        break;
      }
      this.#stretches.push(stretch);
      steps += stretch.steps;
    }
    return steps === 0 ? null : this.#take(Math.min(steps, this.#length));
  }

  /** Lets go of what was read, and tells the source that no more is wanted. */
  async end(): Promise<void> {
    for (const stretch of this.#stretches) release(stretch);
    if (this.#waiting !== null) release(this.#waiting);
    this.#stretches = [];
    this.#waiting = null;
    await this.#source.return?.();
  }

  /** The first `steps` steps of what was read, which has as many. */
  #take(steps: number): Stretch {
    const { time } = this.#axes;
    const [first] = this.#stretches;
    const reset = first?.start === 0 && first.reset !== undefined ? first.reset : false;
    const [input, target] = runInContext(false, () => {
      const inputs: Tensor[] = [];
      const targets: Tensor[] = [];
      let left = steps;
      for (const stretch of this.#stretches) {
        const some = Math.min(left, stretch.steps - stretch.start);
        if (some === 0) break;
        inputs.push(narrow(stretch.input, time, stretch.start, some));
        targets.push(narrow(stretch.target, time, stretch.start, some));
        stretch.start += some;
        left -= some;
      }
      return [joined(inputs, time), joined(targets, time)];
    });
    for (const stretch of this.#stretches) if (stretch.start === stretch.steps) release(stretch);
    this.#stretches = this.#stretches.filter(({ start, steps: all }) => start < all);
    return { input, target, reset, steps, start: 0 };
  }

  async #pull(): Promise<Stretch | null> {
    const { result, made } = await noteMade(async () => this.#source.next());
    if (result.done) return null;
    const at = this.#count++;
    try {
      return this.#checked(result.value, at);
    } finally {
      // Handles of our own hold what the stream has handed out; what was made for us is ours to let go of.
      for (const tensor of [result.value?.input, result.value?.target]) letGo(tensor, made);
    }
  }

  #checked(piece: SequenceChunk, at: number): Stretch {
    const where = `truncatedBptt: piece ${at} of the stream`;
    if (typeof piece !== 'object' || piece === null) {
      throw new ArgumentError(`${where} is ${String(piece)}, expected { input, target, reset? }`);
    }
    const { input, target, reset = false } = piece;
    checkTensor(input, where, 'its input');
    checkTensor(target, where, 'its target');
    const { time, batch } = this.#axes;
    const steps = input.shape[time] ?? 0;
    if (steps === 0 || target.shape[time] !== steps) {
      throw new ShapeError(
        `${where}: input ${formatShape(input.shape)} and target ${formatShape(target.shape)}, ` +
          `expected as many time steps along axis ${time}, at least 1`,
      );
    }
    if (typeof reset !== 'boolean' && reset.length !== input.shape[batch]) {
      throw new ShapeError(
        `${where}: reset has ${reset.length} rows, input ${formatShape(input.shape)} has ${input.shape[batch]} along axis ${batch}`,
      );
    }
    const own = (tensor: Tensor): Tensor => tensor.detach().keep();
    return { input: own(input), target: own(target), reset, steps, start: 0 };
  }
}

function letGo(tensor: Tensor | undefined, made: Made): void {
  if (tensor !== undefined && made.has(tensor) && !tensor.kept) tensor.dispose();
}

/** One tensor of several along the axis of time, in handles that live on. */
function joined(parts: readonly Tensor[], time: number): Tensor {
  const [only] = parts;
  return (parts.length === 1 && only ? only : concat(parts, time)).keep();
}
