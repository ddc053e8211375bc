import { describe, expect, it } from 'vitest';
import { CollectorPace } from '../../src/backend/native/pace.js';

const MB = 2 ** 20;

/** The memory of an addon whose collector frees what is asked for `turns` looks later; never by default. */
class FakeMemory {
  held = 0;
  kept = 0;
  looks = 0;
  turns = Number.POSITIVE_INFINITY;

  hastened = 0;

  readonly hastenCollection = (): void => {
    this.hastened++;
  };
  readonly heldBytes = (): number => this.held;
  readonly keptBytes = (): number => {
    this.looks++;
    if (this.looks > this.turns) {
      this.kept += this.held;
      this.held = 0;
    }
    return this.kept;
  };
}

/** A step of a loop that takes fresh memory and loses it; resolves to whether it waited. */
async function step(pace: CollectorPace, memory: FakeMemory, bytes: number): Promise<boolean> {
  pace.allocated(bytes);
  memory.kept -= Math.min(memory.kept, bytes);
  memory.held += bytes;
  const behind = pace.isBehind();
  if (behind) {
    memory.looks = 0;
    await pace.wait();
  }
  return behind;
}

describe('CollectorPace', () => {
  it('waits until the collector has freed what the next step needs', async () => {
    const memory = new FakeMemory();
    const pace = new CollectorPace(memory);
    expect(await step(pace, memory, 40 * MB)).toBe(false);
    expect(await step(pace, memory, 40 * MB)).toBe(false);
    memory.turns = 4;
    memory.looks = 0;
    expect(await step(pace, memory, 40 * MB)).toBe(true);
    expect(memory.kept).toBe(120 * MB);
    expect(memory.hastened).toBe(1);
    memory.turns = Number.POSITIVE_INFINITY;
    expect(await step(pace, memory, 40 * MB)).toBe(false);
  });

  it('does not hold up a program that recycles its memory', async () => {
    const memory = new FakeMemory();
    const pace = new CollectorPace(memory);
    memory.held = 1000 * MB;
    expect(await step(pace, memory, 0)).toBe(false);
  });

  it('asks a program that keeps what it makes at ever longer intervals', async () => {
    const memory = new FakeMemory();
    const pace = new CollectorPace(memory);
    const waited: number[] = [];
    for (let i = 1; i <= 32; i++) if (await step(pace, memory, 64 * MB)) waited.push(i);
    expect(waited).toEqual([2, 3, 5, 9, 17]);
  });
});
