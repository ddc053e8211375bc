// A worker_thread of the storm: runs one of the programs below until somebody ends it, or until it ends itself.
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

const { program, milliseconds } = workerData;
const ax = await import('../../dist/index.js');
parentPort.postMessage('ready');

const forever = async (turn) => {
  for (let i = 0; ; i++) await turn(i);
};
const square = (size = 256) => ax.randn([size, size]).keep();

function network() {
  return new ax.nn.Sequential(
    new ax.nn.Conv2d(1, 8, 3, { padding: 1 }),
    new ax.nn.BatchNorm2d(8),
    new ax.nn.ReLU(),
    new ax.nn.MaxPool2d(2),
    new ax.nn.Flatten(),
    new ax.nn.Linear(8 * 49, 10),
  );
}

function trainer() {
  const model = network();
  const optimizer = new ax.optim.Adam(model.parameters(), { lr: 1e-3 });
  const images = ax.randn([16, 1, 14, 14]).keep();
  const labels = ax.randint(0, 10, [16]).keep();
  return () => {
    optimizer.zeroGrad();
    const loss = ax.crossEntropy(model.forward(images), labels);
    loss.backward();
    optimizer.step();
    return loss;
  };
}

function addon() {
  const path =
    process.env.AXONODE_ADDON ??
    fileURLToPath(new URL('../../build/Release/axonode.node', import.meta.url));
  return createRequire(import.meta.url)(path);
}

const programs = {
  /** Many more products than the queue holds. */
  async products() {
    const [a, b] = [square(), square()];
    for (let i = 0; i < 2000; i++) ax.matmul(a, b);
    await ax.synchronize();
  },
  async productsForever() {
    const [a, b] = [square(), square()];
    for (;;) ax.matmul(a, b);
  },
  async allocations() {
    for (let i = 0; ; i++) ax.zeros([1 + ((i * 7919) % 100_000)]);
  },
  /** Leaves the collector turns to call finalizers in. */
  allocationsThatEnd: () =>
    forever(async (i) => {
      for (let k = 0; k < 50; k++) ax.randn([1000 + ((i * k) % 5000)]).add(1);
      await sleep(0);
    }),
  async training() {
    const step = trainer();
    for (;;) step();
  },
  trainingWithItem() {
    const step = trainer();
    return forever(() => step().item());
  },
  async trainingWithItemSync() {
    const step = trainer();
    for (;;) step().itemSync();
  },
  waits() {
    const x = square();
    return forever(() =>
      Promise.all(Array.from({ length: 20 }, () => ax.matmul(x, x).sum().data())),
    );
  },
  fit() {
    const set = new ax.data.TensorDataset(
      ax.randn([64, 1, 14, 14]).keep(),
      ax.randint(0, 10, [64]).keep(),
    );
    const model = network();
    return ax.train.fit({
      model,
      data: new ax.data.DataLoader(set, { batchSize: 8, shuffle: true }),
      validation: new ax.data.DataLoader(set, { batchSize: 16 }),
      loss: ax.crossEntropy,
      optimizer: new ax.optim.SGD(model.parameters(), { lr: 0.01 }),
      metrics: { accuracy: new ax.train.Accuracy() },
      epochs: 1e6,
      progress: false,
    });
  },
  recurrent() {
    const lstm = new ax.nn.LSTM(16, 32);
    const x = ax.randn([20, 4, 16]).keep();
    return forever(() => lstm.forward(x)[0].sum().backward());
  },
  /** What JavaScript holds is no memory of the addon's: each call waits. */
  async foreignMemory() {
    const { kernels } = addon();
    const out = new Float32Array(1 << 16);
    for (;;) kernels.fill(out, out.length, 1);
  },
  async wrongCalls() {
    const { kernels, allocate, setNumThreads, convAlgorithm, prepareConv } = addon();
    const calls = [
      () => kernels.fill(null, 1, 2),
      () => kernels.fill(),
      () => kernels.gemm(1, 2, 3),
      () => allocate(-1),
      () => allocate('x'),
      () => setNumThreads(1e9),
      () => convAlgorithm(),
      () => prepareConv(new Int32Array(3)),
      () =>
        kernels.clipByNorm?.(
          [
            {
              get 0() {
                throw 1;
              },
            },
          ],
          1,
        ),
    ];
    for (let i = 0; ; i++) {
      try {
        calls[i % calls.length]();
      } catch {}
    }
  },
  async everyFunction() {
    const native = addon();
    const [a, b] = [square(), square()];
    for (;;) {
      ax.matmul(a, b);
      native.wait();
      native.info();
      native.takeFault();
      native.failedTicket();
      native.spin(10);
      native.allocate(10_000);
      native.unwatch(native.watch({}));
      native.watch({});
      native.hasCollected();
      native.takeLost();
      native.free(native.allocate(1000));
      native.scratchBytes();
      native.setNumThreads(1);
      native.setExactConvolution(false);
      native.submitted();
      native.completed();
    }
  },
  async synchronize() {
    const [a, b] = [square(), square()];
    for (;;) {
      for (let i = 0; i < 100; i++) ax.matmul(a, b);
      ax.synchronizeSync();
    }
  },
  /** Faults of kernels, told while the environment ends. */
  faults: () =>
    forever(async () => {
      const table = ax.randn([4, 4]);
      ax.indexSelect(table, 0, ax.tensor([9], { dtype: 'int32' }));
      await ax.synchronize().catch(() => {});
    }),
  /** The memory of a tensor goes to another owner while work on it is queued. */
  taken: () =>
    forever(async () => {
      const { kernels, allocate } = addon();
      const x = new Float32Array(allocate(4 << 16));
      kernels.fill(x, x.length, 1);
      const reader = new ReadableStream({ type: 'bytes' }).getReader({ mode: 'byob' });
      reader.read(new Uint8Array(x.buffer)).catch(() => {});
      await sleep(0);
    }),
  /** Ends by the limit of its heap. */
  async heap() {
    const [a, b] = [square(64), square(64)];
    const kept = [];
    for (;;) {
      ax.matmul(a, b);
      kept.push(Array.from({ length: 1000 }, Math.random));
    }
  },
  async exit() {
    setTimeout(() => process.exit(0), milliseconds);
    await programs.trainingWithItem();
  },
  async exitAtOnce() {
    const [a, b] = [square(), square()];
    for (let i = 0; i < 500; i++) ax.matmul(a, b);
    process.on('exit', () => {
      for (let i = 0; i < 50; i++) ax.matmul(a, b);
      ax.memoryInfo();
    });
    process.exit(0);
  },
  async error() {
    setTimeout(() => {
      throw new Error('on purpose');
    }, milliseconds);
    await programs.waits();
  },
  async rejection() {
    setTimeout(() => void Promise.reject(new Error('on purpose')), milliseconds);
    await programs.trainingWithItem();
  },
  async end() {
    const [a, b] = [square(), square()];
    for (let i = 0; i < 500; i++) ax.matmul(a, b);
  },
};

await programs[program]();
