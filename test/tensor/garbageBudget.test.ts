import { describe, expect, it } from 'vitest';
import { GarbageBudget } from '../../src/tensor/garbageBudget.js';

/** A program that allocates in steps of one; what it loses is found by a collection, or only by one of everything. */
class Program {
  live = 0;
  #youngGarbage = 0;
  #oldGarbage = 0;
  readonly collections: string[] = [];
  most = 0;
  readonly #budget = new GarbageBudget(100);

  allocate(fate: 'kept' | 'lost' | 'lost late'): void {
    if (this.#budget.isSpent(this.live + 1)) {
      this.#budget.collect((what) => {
        this.collections.push(what);
        this.live -= this.#youngGarbage;
        this.#youngGarbage = 0;
        if (what === 'all') {
          this.live -= this.#oldGarbage;
          this.#oldGarbage = 0;
        }
        return this.live;
      });
    }
    this.live++;
    if (fate === 'lost') this.#youngGarbage++;
    if (fate === 'lost late') this.#oldGarbage++;
    this.most = Math.max(this.most, this.live);
  }
}

describe('GarbageBudget', () => {
  it('asks for the young generation only where a loop loses what it makes', () => {
    const program = new Program();
    for (let i = 0; i < 1000; i++) program.allocate('lost');
    expect(program.collections).toEqual(new Array(9).fill('young'));
    expect(program.most).toBe(100);
  });

  it('asks a program that keeps what it makes at ever longer intervals', () => {
    const program = new Program();
    for (let i = 0; i < 10_000; i++) program.allocate('kept');
    expect(program.collections.length).toBeLessThan(2 * 14);
    for (let i = 0; i < 10_000; i++) program.allocate('lost');
    expect(program.most).toBeLessThanOrEqual(15_000);
  });

  it('asks for everything where garbage has grown old', () => {
    const program = new Program();
    for (let i = 0; i < 2000; i++) program.allocate(i % 10 === 0 ? 'lost late' : 'lost');
    expect(program.most).toBeLessThanOrEqual(100);
    const all = program.collections.filter((what) => what === 'all').length;
    expect(all).toBeGreaterThan(0);
    expect(all).toBeLessThan(program.collections.length / 3);
  });

  it('forgets a size that was once needed', () => {
    const program = new Program();
    for (let i = 0; i < 1000; i++) program.allocate('kept');
    program.live -= 900;
    program.collections.length = 0;
    for (let i = 0; i < 3000; i++) program.allocate('lost');
    program.most = 0;
    for (let i = 0; i < 3000; i++) program.allocate('lost');
    expect(program.most).toBeLessThan(1700);
  });
});
