// Finds a learning rate: a sweep that grows it exponentially, the loss along it, and training with the suggestion
import { mkdir } from 'node:fs/promises';
import { crossEntropy, data, io, manualSeed, nn, optim, train } from 'axonode';

manualSeed(2);
const digits = new data.ImageDataset(data.syntheticDigits(3000, { seed: 1 }));
const loader = new data.DataLoader(digits, { batchSize: 64, shuffle: true, seed: 1 });
const model = new nn.Sequential(
  new nn.Conv2d(1, 8, 5, { stride: 2 }),
  new nn.ReLU(),
  new nn.Flatten(),
  new nn.Linear(8 * 12 * 12, 64),
  new nn.ReLU(),
  new nn.Linear(64, 10),
);
const optimizer = new optim.SGD(model.parameters(), { momentum: 0.9 });

const sweep = await train.findLearningRate({
  model,
  data: loader,
  optimizer,
  loss: crossEntropy,
  minLr: 1e-5,
  maxLr: 10,
});
console.log(`${sweep.lrs.length} steps, ${sweep.stopReason}; suggestion ${sweep.suggestion}`);
await mkdir('out', { recursive: true });
const title = 'Learning-rate sweep of a small CNN (SGD with momentum)';
await io.writeFileAtomic('out/learning-rate-finder.svg', sweep.toSvg({ title }));
console.log('picture: out/learning-rate-finder.svg');

optimizer.lr = sweep.suggestion ?? 0.01;
const schedule = new optim.CosineAnnealingLR(optimizer, 2 * loader.length, { interval: 'batch' });
await train.fit({
  model,
  data: loader,
  optimizer,
  schedule,
  loss: crossEntropy,
  metrics: { accuracy: new train.Accuracy() },
  epochs: 2,
});
