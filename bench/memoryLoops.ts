import { crossEntropy, noGrad, randint, randn, type Tensor } from 'axonode';
import { sgd } from './workload.js';
import { lenetModel } from './workloads.js';

const BATCH = 64;

/** One turn of a loop: synchronous where it gives nothing back. */
export type Turn = () => Promise<unknown> | undefined;

/** The plain training loop of a PyTorch user: no scope, no dispose. Keeps the logits of the last steps. */
function training(kept: number, read: (loss: Tensor) => Promise<unknown> | undefined): Turn {
  const model = lenetModel();
  const optimizer = sgd(model);
  const input = randn([BATCH, 1, 28, 28]);
  const target = randint(0, 10, [BATCH]);
  const recent: Tensor[] = [];
  return () => {
    optimizer.zeroGrad();
    const logits = model.forward(input);
    const loss = crossEntropy(logits, target);
    loss.backward();
    optimizer.step();
    if (kept > 0) {
      recent.push(logits.detach());
      if (recent.length > kept) recent.shift();
    }
    return read(loss);
  };
}

/** Inference that never ends, letting go of nothing; without noGrad its graphs are left to the collector. */
function inference(
  recorded: boolean,
  read: (classes: Tensor) => Promise<unknown> | undefined,
): Turn {
  const model = lenetModel();
  model.eval();
  const input = randn([BATCH, 1, 28, 28]);
  const predict = (): Tensor => model.forward(input).argmax(1);
  return () => read(recorded ? predict() : noGrad(predict));
}

/** Arithmetic on tensors of a size, outside of modules. */
function elementwise(size: number, repeats: number): Turn {
  let x = randn([size]);
  return () => {
    for (let i = 0; i < repeats; i++) x = x.add(1).mul(0.5);
    x.dataSync();
    return undefined;
  };
}

/** Training without modules and optimisers: weights are replaced. */
function byHand(): Turn {
  let first = randn([784, 256]).mul(0.05);
  let second = randn([256, 10]).mul(0.05);
  const input = randn([256, 784]);
  const target = randint(0, 10, [256]);
  const updated = (weights: Tensor): Tensor =>
    noGrad(() => weights.sub((weights.grad ?? weights).mul(0.01)));
  return () => {
    first.requiresGrad = true;
    second.requiresGrad = true;
    const loss = crossEntropy(input.matmul(first).relu().matmul(second), target);
    loss.backward();
    first = updated(first);
    second = updated(second);
    loss.itemSync();
    return undefined;
  };
}

/** Sizes that never come twice. */
function varying(): Turn {
  let count = 0;
  return () => {
    count++;
    const size = 1000 + ((count * 7919) % 200_000);
    randn([size]).add(1).mul(2).sum().itemSync();
    return undefined;
  };
}

const blocking = (tensor: Tensor): undefined => {
  tensor.dataSync();
};
const awaited = (tensor: Tensor): Promise<unknown> => tensor.data();

/** By the name that memory_torch.py has for the same loop. */
export const LOOPS: Readonly<Record<string, () => Turn>> = {
  train: () => training(0, awaited),
  keep: () => training(5, awaited),
  infer: () => inference(false, awaited),
  forget: () => inference(true, awaited),
  train_sync: () => training(0, blocking),
  forget_sync: () => inference(true, blocking),
  by_hand: byHand,
  elementwise_4mb: () => elementwise(1 << 20, 10),
  elementwise_64kb: () => elementwise(1 << 14, 100),
  elementwise_1kb: () => elementwise(1 << 8, 1000),
  varying,
};
