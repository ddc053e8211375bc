// A server that trains: it answers with the network as it is, while the same process improves it
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { crossEntropy, data, manualSeed, models, noGrad, optim, train } from 'axonode';
import { epochs, readFlags, toggle, whole } from './support/flags.js';

const flags = readFlags('npm run example -- server', {
  port: whole(0, 'to listen on; 0 for one that is free', 0),
  epochs: epochs(3),
  stay: toggle('goes on listening after the training'),
});
manualSeed(0);
const digits = new data.ImageDataset(data.syntheticDigits(8000, { seed: 1 }));
const unseen = new data.ImageDataset(data.syntheticDigits(500, { seed: 2 }));
const model = models.lenet5();

/** What the network takes a digit for, and how sure it is, at this moment. */
async function recognise(index: number): Promise<object> {
  return noGrad(async () => {
    const [image, label] = await unseen.batch(Int32Array.of(index % unseen.length));
    // Queued between two steps of the training, in the weights' order: nothing has to be copied or locked.
    const { training } = model;
    const output = model.eval().forward(image);
    model.train(training);
    const probabilities = await output.softmax(1).data();
    const confidence = Math.max(...probabilities);
    return { truth: await label.item(), guess: probabilities.indexOf(confidence), confidence };
  });
}

const server = createServer(async (request, response) => {
  const index = Number(request.url?.match(/^\/digit\/(\d+)$/)?.[1] ?? Number.NaN);
  const answer = Number.isNaN(index)
    ? { try: '/digit/7' }
    : await recognise(index).catch((error: unknown) => ({ error: String(error) }));
  response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
});
await new Promise<void>((resolve) => server.listen(flags.port, resolve));
const { port } = server.address() as AddressInfo;
const url = `http://localhost:${port}/digit/7`;
console.log(`listening: ${url}`);

// Ctrl-C ends training after the step in flight, and then the server.
const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort());
const training = train.fit({
  model,
  data: new data.DataLoader(digits, { batchSize: 64, shuffle: true }),
  validation: new data.DataLoader(unseen, { batchSize: 250 }),
  loss: crossEntropy,
  optimizer: new optim.Adam(model.parameters(), { lr: 5e-4 }),
  metrics: { accuracy: new train.Accuracy() },
  epochs: flags.epochs,
  signal: stopping.signal,
  logger: {
    info: (_, message) => console.log(message),
    warn: (_, message) => console.log(message),
  },
});

let isTraining = true;
const ended = training.finally(() => {
  isTraining = false;
});
while (isTraining) {
  const start = performance.now();
  const answer = await (await fetch(url)).text();
  console.log(`${answer} in ${(performance.now() - start).toFixed(1)} ms`);
  await Promise.race([sleep(500), ended]);
}
const history = await ended;
console.log(`trained: accuracy ${history.values('valAccuracy').at(-1)}`);
if (flags.stay && !stopping.signal.aborted) console.log('still listening; Ctrl-C ends');
else server.close();
stopping.signal.addEventListener('abort', () => server.close());
