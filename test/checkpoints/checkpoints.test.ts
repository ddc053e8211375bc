import { expect, it } from 'vitest';
import { checkpoints } from './checkpoints.js';

// The short form of `npm run test:checkpoints`.
it('a wrong checkpoint is refused with nothing changed, or trained on to the end', async () => {
  const result = await checkpoints({ count: 200, seed: 20 });
  expect(result.wrong).toEqual([]);
  expect(result.refused).toBeGreaterThan(100);
  expect(result.trained).toBeGreaterThan(10);
});
