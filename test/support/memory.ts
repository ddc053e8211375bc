import { memoryInfo as current, type MemoryInfo, trimPool } from '../../src/tensor/pool.js';

let isSettled = false;

/** To be called before each test. */
export function unsettleMemory(): void {
  isSettled = false;
}

/**
 * What memory is in use. At a test's first look the tensors that tests before it lost are collected, so that they do
 * not fall out of the figures in the middle.
 */
export function memoryInfo(): MemoryInfo {
  if (!isSettled) trimPool();
  isSettled = true;
  return current();
}
