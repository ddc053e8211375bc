// A search in a process of its own, for search.test.ts to kill: node killed.mjs FILE
import { tune } from '../../../dist/index.js';

const found = await tune.search({
  space: { lr: tune.logUniform(1e-4, 1), width: tune.choice([8, 16, 32, 64]) },
  trial: new URL('./trials.mjs', import.meta.url),
  exportName: 'noted',
  trials: 9,
  strategy: tune.successiveHalving(9),
  seed: 5,
  workers: 2,
  file: process.argv[2],
});
console.log(JSON.stringify(found.runs.map(({ seconds: _, ...run }) => run)));
