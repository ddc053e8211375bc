import type { Module } from '../../nn/module.js';
import { clone, copyFrom } from '../../ops/creation.js';
import type { Optimizer } from '../../optim/optimizer.js';
import type { OptimizerState } from '../../optim/state.js';
import { getRandomState, setRandomState } from '../../tensor/random.js';
import { runInContext } from '../../tensor/scope.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { TrainingData } from '../loop/data.js';

/** Copies of all that training changes, and what puts them back. */
export function snapshot(
  model: Module,
  optimizer: Optimizer,
  data: TrainingData<unknown>,
): () => void {
  const live = model.stateDict();
  const parameters = new Set<Tensor>(model.parameters());
  for (const { params } of optimizer.paramGroups) for (const p of params) parameters.add(p);
  const kept = new Set<Tensor>([...live.values(), ...parameters]);
  const state: OptimizerState = optimizer.stateDict();
  const [values, tensors] = runInContext(false, () => [
    new Map(Array.from(kept, (tensor) => [tensor, clone(tensor).keep()])),
    new Map(Array.from(state.tensors, ([name, tensor]) => [name, clone(tensor).keep()])),
  ]);
  const gradients = Array.from(parameters, (parameter) => [parameter, parameter.grad] as const);
  for (const [parameter] of gradients) parameter.grad = null;
  const modes = model.modules().map((module) => [module, module.training] as const);
  const random = getRandomState();
  const position = data.loadStateDict ? data.stateDict?.() : undefined;
  return () => {
    runInContext(false, () => {
      for (const [tensor, value] of values) copyFrom(tensor, value);
    });
    optimizer.loadStateDict({ ...state, tensors });
    for (const tensor of [...values.values(), ...tensors.values()]) tensor.dispose();
    for (const [parameter, gradient] of gradients) {
      if (parameter.grad !== gradient) parameter.grad?.dispose();
      parameter.grad = gradient;
    }
    for (const [module, training] of modes) module.training = training;
    setRandomState(random);
    if (position !== undefined) data.loadStateDict?.(position);
  };
}
