// A search in a process of its own, for search.test.ts to kill: node killed.mjs FILE
import { train } from '../../../dist/index.js';

const found = await train.search({
  space: { lr: train.logUniform(1e-4, 1), width: train.choice([8, 16, 32, 64]) },
  trial: new URL('./trials.mjs', import.meta.url),
  exportName: 'noted',
  trials: 9,
  strategy: train.successiveHalving({ maxBudget: 9 }),
  seed: 5,
  workers: 2,
  file: process.argv[2],
});
console.log(JSON.stringify(found.runs.map(({ seconds: _, ...run }) => run)));
