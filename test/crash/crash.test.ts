import { expect, it } from 'vitest';
import { crash } from './crash.js';

// The short form of `npm run test:crash`.
it('a run that is killed at any moment goes on as if nothing had happened', async () => {
  const result = await crash({ kills: 4, epochs: 3, lives: 2 });
  expect(result).toMatchObject({ kills: 4, wrong: 0 });
  expect(result.runs).toBeGreaterThan(0);
});
