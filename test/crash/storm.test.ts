import { expect, it } from 'vitest';
import { storm } from './storm.js';

// The short form of `npm run test:storm`.
it('worker threads and processes end at any moment, without a crash', async () => {
  const result = await storm({
    ends: 11,
    endsOfProcess: 10,
    seed: 1,
    // Allocating is what most often found the environment gone.
    programs: [
      'allocations',
      'products',
      'allocations',
      'everyFunction',
      'allocations',
      'training',
    ],
  });
  expect(result.crashes).toEqual([]);
  expect(result.ends).toBe(11);
}, 180_000);
