// A hidden layer solves XOR, which no single unit can: back-propagation
import { mkdir } from 'node:fs/promises';
import { bceWithLogitsLoss, io, manualSeed, nn, noGrad, optim, plot, tensor } from 'axonode';
import { type Point, placesToTensor } from './support/points.js';

manualSeed(1);
const points: Point[] = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const labels = [0, 1, 1, 0];
const inputs = tensor(points);
const targets = tensor(labels, { shape: [4, 1] });

const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 1));
const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
for (let step = 1; step <= 400; step++) {
  optimizer.zeroGrad();
  const loss = bceWithLogitsLoss(model.forward(inputs), targets);
  loss.backward();
  optimizer.step();
  if (step % 100 === 0) console.log(`step ${step}  loss ${(await loss.item()).toFixed(5)}`);
}

const answers = await noGrad(() => model.forward(inputs).sigmoid()).data();
for (const [i, point] of points.entries()) {
  console.log(`${point.join(' xor ')} = ${answers[i]?.toFixed(3)}, expected ${labels[i]}`);
}

const picture = plot.decisionBoundary(
  points,
  labels,
  (places, count) =>
    noGrad(() => model.forward(placesToTensor(places, count)).sigmoid().dataSync()),
  { title: 'XOR: a hidden layer bends the line' },
);
await mkdir('out', { recursive: true });
await io.writeFileAtomic('out/xor.svg', picture);
console.log('picture: out/xor.svg');
