// The delta rule: gradient descent on a linear unit, which settles even where classes overlap (Widrow and Hoff 1960)
import { mkdir } from 'node:fs/promises';
import { io, nn, plot } from 'axonode';
import { clouds, placesToTensor } from './support/points.js';

const { points, labels } = await clouds(
  200,
  [
    [-1, -0.5],
    [1, 0.5],
  ],
  0.8,
  3,
);

const unit = new nn.Adaline(2);
const targets = labels.map((label) => (label === 1 ? 1 : -1));
const { epochs, losses, converged } = unit.fit(points, targets, {
  learningRate: 0.1,
  mode: 'batch',
});
const first = losses[0]?.toFixed(4);
const last = losses.at(-1)?.toFixed(4);
console.log(
  `mean squared error ${first} -> ${last} in ${epochs} epochs${converged ? ', at rest' : ''}`,
);

const guesses = unit.predict(points);
const right = guesses.reduce(
  (count, guess, i) => count + (Math.sign(guess) === targets[i] ? 1 : 0),
  0,
);
console.log(`${right} of ${points.length} points on the right side of the line`);

const picture = plot.decisionBoundary(
  points,
  labels,
  (places, count) =>
    Array.from(unit.predict(placesToTensor(places, count)), (output) => (output + 1) / 2),
  { title: 'The delta rule on overlapping classes' },
);
await mkdir('out', { recursive: true });
await io.writeFileAtomic('out/delta-rule.svg', picture);
console.log('picture: out/delta-rule.svg');
