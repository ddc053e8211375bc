import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { synchronizeSync } from '../../src/backend/select.js';
import { add, ones, reshape } from '../../src/ops/index.js';
import { allocate, memoryInfo, poisonMemory, trimPool } from '../../src/tensor/pool.js';
import { empty } from '../../src/tensor/tensor.js';

beforeEach(() => {
  synchronizeSync();
  trimPool();
});

describe('the pool', () => {
  it('hands memory of a size class out again', () => {
    const x = ones([1000]);
    const { buffer } = x.storage;
    x.dispose();
    expect(memoryInfo().pooled).toBeGreaterThanOrEqual(4000);
    expect(ones([999]).storage.buffer).toBe(buffer);
  });

  it('counts live and pooled bytes', () => {
    const { live, pooled } = memoryInfo();
    expect(pooled).toBe(0);
    const x = ones([1 << 20]);
    expect(memoryInfo().live - live).toBe(4 << 20);
    x.dispose();
    expect(memoryInfo()).toMatchObject({ live, pooled: 4 << 20 });
    trimPool();
    expect(memoryInfo()).toMatchObject({ live, pooled: 0 });
  });

  it('wastes at most a fifth', () => {
    for (let bytes = 300; bytes < 1e7; bytes = Math.ceil(bytes * 1.07)) {
      const storage = allocate(bytes);
      expect(storage.buffer.byteLength).toBeGreaterThanOrEqual(bytes);
      expect(storage.buffer.byteLength).toBeLessThanOrEqual(bytes * 1.25 + 64);
      storage.release();
    }
  });

  it('keeps memory until the last view lets go', () => {
    const x = ones([500]);
    const view = reshape(x, [5, 100]);
    x.dispose();
    expect(memoryInfo().pooled).toBe(0);
    view.dispose();
    expect(memoryInfo().pooled).toBeGreaterThan(0);
  });

  it('allocates nothing in a steady loop', () => {
    const x = ones([100, 100]);
    const round = (): void => {
      const y = add(x, 1);
      add(y, 1).dispose();
      y.dispose();
    };
    round();
    const before = memoryInfo();
    for (let i = 0; i < 100; i++) round();
    expect(memoryInfo()).toMatchObject({ live: before.live, pooled: before.pooled });
  });
});

describe('poisoned memory', () => {
  afterEach(() => poisonMemory(true));

  it('shows what a kernel leaves unwritten', () => {
    poisonMemory(true);
    const dirty = empty([100], 'float32');
    expect(dirty.dataSync().every(Number.isNaN)).toBe(true);
    dirty.dispose();
    expect(empty([100], 'float32').dataSync().every(Number.isNaN)).toBe(true);
    poisonMemory(false);
    const x = ones([100]);
    x.dispose();
    expect(empty([100], 'float32').dataSync()[0]).toBe(1);
  });
});
