// Searches for hyper-parameters: random settings in worker threads, the best of which go on with more epochs
import { mkdir } from 'node:fs/promises';
import { io, tune } from 'axonode';

// Ctrl-C ends the search; started again, it goes on from the file.
const aborter = new AbortController();
process.once('SIGINT', () => aborter.abort());

await mkdir('out', { recursive: true });
const found = await tune.search({
  space: {
    lr: tune.logUniform(1e-4, 1),
    hidden: tune.choice([8, 32, 128]),
    dropout: tune.uniform(0, 0.6),
    optimizer: tune.choice(['SGD', 'Adam', 'RMSprop']),
  },
  trial: new URL('./support/trial.mjs', import.meta.url),
  trials: 18,
  strategy: tune.successiveHalving(9),
  goal: 'max',
  seed: 1,
  file: 'out/hyperparameter-search.json',
  signal: aborter.signal,
  onRun: ({ trial, budget, score, error }) =>
    console.log(`trial ${trial}, ${budget} epochs: ${score?.toFixed(4) ?? error}`),
});

console.log(`\n${found.table()}`);
const title = 'Accuracy on new digits by hyper-parameter';
await io.writeFileAtomic('out/hyperparameter-search.svg', found.toSvg({ title }));
console.log('\npicture: out/hyperparameter-search.svg');
