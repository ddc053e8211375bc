// The perceptron rule: learns from mistakes only, and stops once there are none (Rosenblatt 1958)
import { mkdir } from 'node:fs/promises';
import { io, nn, plot } from 'axonode';
import { clouds, placesToTensor } from './support/points.js';

const { points, labels } = await clouds(
  100,
  [
    [-0.8, -0.6],
    [1, 0.8],
  ],
  0.42,
  7,
);

const unit = new nn.Perceptron(2);
const fit = unit.fit(points, labels);
console.log(
  fit.converged
    ? `two clouds: no mistakes left after ${fit.updates} updates in ${fit.epochs} epochs`
    : `two clouds: still making mistakes after ${fit.epochs} epochs`,
);

// No line separates XOR, so the rule goes round in circles until it is stopped.
const xor = {
  points: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  labels: [0, 1, 1, 0],
};
const lost = new nn.Perceptron(2).fit(xor.points, xor.labels, { maxEpochs: 1000 });
console.log(
  `XOR: ${lost.converged ? 'converged' : 'not converged'} after ${lost.updates} updates in ${lost.epochs} epochs`,
);

const picture = plot.decisionBoundary(
  points,
  labels,
  // The line is where weight·x + bias passes zero; a step this steep shows it as one.
  (places, count) =>
    unit.outputs(placesToTensor(places, count)).map((output) => 1 / (1 + Math.exp(-50 * output))),
  { title: 'The perceptron finds a separating line' },
);
await mkdir('out', { recursive: true });
await io.writeFileAtomic('out/perceptron.svg', picture);
console.log('picture: out/perceptron.svg');
