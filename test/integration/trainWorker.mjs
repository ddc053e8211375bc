// The other side of workers.test.ts: trains a small convolutional network and posts its losses.
import { parentPort, workerData } from 'node:worker_threads';
import {
  backendInfo,
  crossEntropy,
  manualSeed,
  nn,
  optim,
  randint,
  randn,
} from '../../dist/index.js';

manualSeed(workerData.seed);
const model = new nn.Sequential(
  new nn.Conv2d(1, 8, 3, { padding: 1 }),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Flatten(),
  new nn.Linear(8 * 14 * 14, 10),
);
const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
const images = randn([32, 1, 28, 28]);
const labels = randint(0, 10, [32]);
const losses = [];
for (let step = 0; step < 20; step++) {
  optimizer.zeroGrad();
  const loss = crossEntropy(model.forward(images), labels);
  loss.backward();
  optimizer.step();
  losses.push(await loss.item());
}
parentPort.postMessage({ backend: backendInfo().name, losses });
