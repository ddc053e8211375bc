// Tensors have their methods, backward() among them, as for whoever imports the package.
import '../../src/autograd/methods.js';
import '../../src/ops/methods.js';
import { beforeEach } from 'vitest';
import { poisonMemory } from '../../src/tensor/pool.js';
import { unsettleMemory } from './memory.js';

// Whatever a kernel leaves unwritten shows as NaN, in every test.
poisonMemory(true);

beforeEach(unsettleMemory);
