// How an HTTP server answers while the same process trains ResNet-20: npm run bench:server -- [--seconds N]
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { backendInfo, crossEntropy, data, models, optim, randint, randn, train } from 'axonode';

const { values: flags } = parseArgs({ options: { seconds: { type: 'string', default: '15' } } });
const seconds = Number(flags.seconds);

/** Asks again and again, from a thread of its own, so that only the server's delay is measured. */
const CLIENT = `
const { parentPort, workerData } = require('node:worker_threads');
const { Agent, get } = require('node:http');
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const times = [];
let stopped = false;
parentPort.once('message', () => { stopped = true; });
function ask() {
  if (stopped) { agent.destroy(); parentPort.postMessage(times); parentPort.close(); return; }
  const start = performance.now();
  get({ port: workerData, agent }, (response) => {
    response.resume();
    response.on('end', () => { times.push(performance.now() - start); setTimeout(ask, 5); });
  });
}
ask();
`;

async function latencies(port: number, during: () => Promise<void>): Promise<number[]> {
  const client = new Worker(CLIENT, { eval: true, workerData: port });
  const done = new Promise<number[]>((resolve, reject) => {
    client.once('message', resolve);
    client.once('error', reject);
  });
  await during();
  client.postMessage('stop');
  return done;
}

function tell(name: string, times: readonly number[]): void {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(2);
  console.log(
    `${name}: ${sorted.length} requests, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`,
  );
}

let requests = 0;
let lastLoss = Number.NaN;
const server = createServer((_request, response) => {
  requests++;
  response.end(JSON.stringify({ requests, lastLoss }));
});
await new Promise<void>((resolve) => server.listen(0, resolve));
const { port } = server.address() as AddressInfo;

const model = models.resnet20();
const batchSize = 128;
const samples = 4 * batchSize;
const loader = new data.DataLoader(
  new data.TensorDataset(randn([samples, 3, 32, 32]).keep(), randint(0, 10, [samples]).keep()),
  { batchSize, shuffle: true },
);
let steps = 0;

async function trainFor(ms: number): Promise<void> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  await train.fit({
    model,
    data: loader,
    loss: crossEntropy,
    optimizer: new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 }),
    metrics: { accuracy: new train.Accuracy() },
    epochs: 1e6,
    progress: false,
    signal: controller.signal,
    callbacks: [
      {
        onStepValues(_, { loss }) {
          lastLoss = loss;
          steps++;
        },
      },
    ],
  });
  clearTimeout(timer);
}

/** Images a second, over some seconds of training. */
async function speed(forSeconds: number): Promise<number> {
  steps = 0;
  const start = performance.now();
  await trainFor(forSeconds * 1e3);
  return (steps * batchSize) / ((performance.now() - start) / 1e3);
}

console.log(`${backendInfo().name} backend, ${backendInfo().threads} threads`);
await trainFor(2000);
const quiet = await speed(seconds / 2);
tell('without training', await latencies(port, () => sleep(2000)));
let busy = Number.NaN;
const times = await latencies(port, async () => {
  busy = await speed(seconds);
});
tell('while ResNet-20 trains', times);
console.log(`images/s: ${quiet.toFixed(0)} without requests, ${busy.toFixed(0)} with them`);
server.close();
