import { bceWithLogitsLoss, matmul, nn, rand, randn } from 'axonode';
import { CONVOLUTION_WORKLOADS } from './convolutionWorkloads.js';
import { IMAGE_WORKLOADS } from './imageWorkloads.js';
import { RECURRENT_WORKLOADS } from './recurrentWorkloads.js';
import { classification, sgd, training, type Workload } from './workload.js';

/** Two convolutions and two linear layers on 28×28 images: Keras' MNIST example. */
export function lenetModel(): nn.Sequential {
  return new nn.Sequential(
    new nn.Conv2d(1, 32, 3),
    new nn.ReLU(),
    new nn.Conv2d(32, 64, 3),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(9216, 128),
    new nn.ReLU(),
    new nn.Linear(128, 10),
  );
}

/** Products queued one after another before the last is waited for, as a network's are. */
const PRODUCTS = 8;

function gemm(size: number): Workload {
  return {
    name: `gemm_${size}`,
    flops: 2 * size ** 3,
    repeats: PRODUCTS,
    ts: size <= 512,
    make() {
      const a = randn([size, size]);
      const b = randn([size, size]);
      return async () => {
        for (let i = 1; i < PRODUCTS; i++) matmul(a, b).dispose();
        const c = matmul(a, b);
        const corner = c.slice([0, 1], [0, 1]);
        const value = await corner.item();
        corner.dispose();
        c.dispose();
        return value;
      };
    },
  };
}

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'tiny_mlp',
    ts: true,
    make() {
      const model = new nn.Sequential(new nn.Linear(2, 16), new nn.Tanh(), new nn.Linear(16, 1));
      const x = randn([32, 2]);
      const y = rand([32, 1]);
      return training(model, sgd(model), () => bceWithLogitsLoss(model.forward(x), y));
    },
  },
  {
    name: 'mlp',
    ts: true,
    make() {
      const model = new nn.Sequential(
        new nn.Linear(784, 512),
        new nn.ReLU(),
        new nn.Linear(512, 256),
        new nn.ReLU(),
        new nn.Linear(256, 10),
      );
      return classification(model, randn([128, 784]), 10);
    },
  },
  {
    name: 'lenet',
    ts: true,
    make() {
      return classification(lenetModel(), randn([64, 1, 28, 28]), 10);
    },
  },
  gemm(256),
  gemm(512),
  gemm(1024),
  gemm(2048),
  ...IMAGE_WORKLOADS,
  ...RECURRENT_WORKLOADS,
  ...CONVOLUTION_WORKLOADS,
];
