import { backendInfo, setConvolutionPrecision } from '../../backend/select.js';
import { NonFiniteError } from '../../errors.js';
import type { Module } from '../../nn/module.js';
import { observeForward } from '../../nn/observe.js';
import { mul } from '../../ops/elementwise.js';
import { sum } from '../../ops/reduce.js';
import { isFloat } from '../../tensor/dtype.js';
import { noGrad } from '../../tensor/scope.js';
import { Tensor } from '../../tensor/tensor.js';
import type { Callback, PendingUpdate, TrainingRun } from '../loop/callback.js';

/** What is to be looked at, and a number that is NaN if anything in it is not finite. */
interface Suspect {
  readonly what: string;
  readonly where: string | null;
  readonly probe: Tensor;
}

/** 0, or NaN if any element is NaN or infinite. Owned by nobody. */
function probe(x: Tensor): Tensor {
  return noGrad(() => sum(mul(x, 0)).keep());
}

function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return isFloat(value.dtype) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(tensorsIn);
}

async function firstBad(suspects: readonly Suspect[]): Promise<Suspect | null> {
  let bad: Suspect | null = null;
  for (const suspect of suspects) {
    if (bad === null && Number.isNaN(await suspect.probe.item())) bad = suspect;
    suspect.probe.dispose();
  }
  return bad;
}

/**
 * Ends training when the loss is NaN or infinite, before the update that would spread it, and names where it began:
 * the first layer whose output went bad, or, if weights had gone bad by the update before, the first layer (on the way
 * back) whose gradient had. While all is well it reads each loss before the update, as the plain loop does with
 * `await loss.item()`. Where exact convolutions would have kept the loss finite, it says that instead.
 *
 * @throws NonFiniteError from `fit`; weights are those of before the bad step
 *
 * @example
 * callbacks: [new train.TerminateOnNaN()]
 */
export class TerminateOnNaN implements Callback {
  async onBeforeUpdate(run: TrainingRun, update: PendingUpdate): Promise<void> {
    const loss = await update.loss.item();
    if (Number.isFinite(loss)) return;
    const { step } = update;
    const intro = `the loss of step ${step} is ${loss}: `;
    const gradient = await badGradient(run.model);
    if (gradient !== null) {
      const { what, where } = gradient;
      const message = `${intro}the gradient of ${what} went bad in the update before; lower the learning rate, or clip gradients (clipGradNorm)`;
      throw new NonFiniteError(message, { where, step });
    }
    const exact = await exactLoss(update);
    if (exact !== null) {
      const message =
        `${intro}with exact convolutions it is ${exact}. Winograd's algorithm, which 'fast' convolutions take, adds up ` +
        "what a filter would not have met: it spreads an infinite pixel, and overflows where plain sums do not. Call setConvolutionPrecision('exact')";
      throw new NonFiniteError(message, { where: null, step });
    }
    const output = await badOutput(run.model, update);
    const found =
      output?.what ??
      'no layer of the model is to blame, so the loss itself (or an earlier batch of the update)';
    throw new NonFiniteError(`${intro}${found}`, { where: output?.where ?? null, step });
  }
}

/** The loss computed without Winograd's algorithms, where that mends it; else null. */
async function exactLoss(update: PendingUpdate): Promise<number | null> {
  if (backendInfo().convolutionPrecision === 'exact') return null;
  setConvolutionPrecision('exact');
  try {
    const replayed = await update.replay();
    const loss = await replayed.item();
    replayed.dispose();
    return Number.isFinite(loss) ? loss : null;
  } finally {
    setConvolutionPrecision('fast');
  }
}

/**
 * The last parameter, in the order of the layers, that is not finite: gradients go backward, and one that is bad
 * spoils those of all layers before it.
 */
function badGradient(model: Module): Promise<Suspect | null> {
  const suspects = model.namedParameters().map(([name, parameter]) => ({
    what: name,
    where: name,
    probe: probe(parameter),
  }));
  return firstBad(suspects.reverse());
}

/** The first input or output on the way through the model that is not finite. */
async function badOutput(model: Module, update: PendingUpdate): Promise<Suspect | null> {
  const paths = new Map(model.namedModules().map(([path, module]) => [module, path]));
  const suspects: Suspect[] = [];
  const look = (module: Module, inputs: readonly unknown[], output: unknown): void => {
    const path = paths.get(module);
    if (path === undefined) return;
    const name = `${path === '' ? 'the model' : path} (${module.constructor.name})`;
    for (const [i, input] of inputs.flatMap(tensorsIn).entries()) {
      const what = `input ${i} of ${name} was bad already: the data, or what was done to them outside of the model`;
      suspects.push({ what, where: null, probe: probe(input) });
    }
    for (const tensor of tensorsIn(output)) {
      const what = `the output of ${name} went bad first`;
      suspects.push({ what, where: path, probe: probe(tensor) });
    }
  };
  const replayed = observeForward(look, () => update.replay());
  (await replayed).dispose();
  return firstBad(suspects);
}
