import { poisonMemory } from '../../src/tensor/storage.js';

// Whatever a kernel leaves unwritten shows as NaN, in every test.
poisonMemory(true);
