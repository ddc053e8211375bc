import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LearningRateLogger } from '../../../src/train/index.js';
import { expectWellFormed } from '../../plot/wellFormed.js';
import { temporaryFolder, trainLine } from './runs.js';

describe('LearningRateLogger', () => {
  const folder = temporaryFolder();

  it('knows the rate of every step, and draws it', async () => {
    const path = join(folder.path, 'new', 'rates.svg');
    const logger = new LearningRateLogger(path);
    await trainLine([logger]);
    const rates = logger.rates.get('main');
    expect(rates?.steps).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
    expect(rates?.values).toEqual([0.1, 0.05, 0.025].flatMap((lr) => Array(5).fill(lr)));
    const svg = await readFile(path, 'utf8');
    expectWellFormed(svg);
    expect(svg).toContain('Learning rate');
  });
});
