import { crossEntropy, type nn, optim, randint, type Tensor } from 'axonode';

/** One unit of work, repeated while it is timed; its result is read, so that nothing is still queued. */
export type Step = () => Promise<number>;

/** Something to time. Shapes and hyper-parameters are those of `torch_worker.py`, under the same names. */
export interface Workload {
  readonly name: string;
  /** Floating point operations, where that is a meaningful number. */
  readonly flops?: number;
  /** How often a step does the work that times are given for. Default: once. */
  readonly repeats?: number;
  /** False for work that the TypeScript backend would take minutes for. */
  readonly ts: boolean;
  make(): Step;
}

/** The training step that users write: forward, backward, update, and the loss read at every step. */
export function training(model: nn.Module, optimizer: optim.Optimizer, loss: () => Tensor): Step {
  model.train();
  return async () => {
    optimizer.zeroGrad();
    const value = loss();
    value.backward();
    optimizer.step();
    return await value.item();
  };
}

export function sgd(model: nn.Module): optim.Optimizer {
  return new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
}

/** A training step of a classifier; of the parameters of `trained` only, where not all are. */
export function classification(
  model: nn.Layer,
  input: Tensor,
  classes: number,
  trained: nn.Module = model,
): Step {
  const target = randint(0, classes, [input.shape[0] ?? 0]);
  return training(model, sgd(trained), () => crossEntropy(model.forward(input), target));
}
