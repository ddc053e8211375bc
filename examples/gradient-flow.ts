// Gradients that vanish and explode through time, as a picture, and what each remedy does
import { mkdir } from 'node:fs/promises';
import {
  eye,
  grad,
  io,
  manualSeed,
  mseLoss,
  nn,
  noGrad,
  optim,
  plot,
  randn,
  scope,
  type Tensor,
  tensor,
} from 'axonode';
import { Adder, addingProblem } from './support/addingProblem.js';
import { readFlags, seed, hidden as units, updates, whole } from './support/flags.js';

const flags = readFlags('npm run example -- gradient-flow', {
  length: whole(100, 'time steps'),
  hidden: units(64),
  updates: updates(60),
  seed: seed(3),
});
const { length: steps, hidden } = flags;
manualSeed(flags.seed);

type Layer = nn.RNN | nn.GRU | nn.LSTM;
const [BATCH, FEATURES] = [16, 8];
const input = randn([steps, BATCH, FEATURES]);
input.requiresGrad = true;

/** Of each time step, the norm of the gradient that the last output's square sends back to its input. */
function normsThroughTime(layer: Layer, from = 0): number[] {
  return scope(() => {
    const [before] = from > 0 ? layer.forward(input.narrow(0, 0, from).detach()) : [null];
    const start =
      before === null || layer instanceof nn.LSTM ? null : before.select(0, -1).detach();
    const x = input.narrow(0, from, steps - from);
    const state = start === null ? null : start.unsqueeze(0);
    const [output] = layer instanceof nn.LSTM ? layer.forward(x) : layer.forward(x, state);
    const [gradient] = grad(output.select(0, -1).square().mean(), [input]);
    if (!gradient) throw new Error('the input has no gradient');
    const norms = gradient
      .reshape([steps, BATCH * FEATURES])
      .norm(1)
      .dataSync();
    // What is exactly 0 cannot be drawn on a logarithmic axis.
    return Array.from(norms, (norm) => (norm > 0 ? norm : Number.NaN));
  });
}

/** A plain layer whose recurrent weights stretch every state by a factor. */
function stretching(factor: number, nonlinearity: 'tanh' | 'relu' = 'relu'): nn.RNN {
  const layer = new nn.RNN(FEATURES, hidden, { nonlinearity });
  const recurrent = parameterOf(layer, 'weight_hh_l0');
  noGrad(() => recurrent.copyFrom(eye(hidden).mul(factor)));
  return layer;
}

function parameterOf(layer: nn.Module, name: string): Tensor {
  const found = layer.namedParameters().find(([own]) => own === name);
  if (!found) throw new Error(`there is no parameter ${name}`);
  return found[1];
}

/** Opens the gate that keeps the state: the forget gate of an LSTM, the update gate of a GRU, both the second. */
function remembering(layer: nn.GRU | nn.LSTM, bias: number): Layer {
  const biases = parameterOf(layer, 'bias_hh_l0');
  const values = biases.dataSync().fill(bias, hidden, 2 * hidden);
  noGrad(() => biases.copyFrom(tensor(values)));
  return layer;
}

/** Norms of the first layer's gradients up to the last layer's, of a deep stack. */
async function normsThroughDepth(residual: boolean): Promise<number[]> {
  manualSeed(flags.seed);
  const numLayers = 10;
  const stack = new nn.RNN(FEATURES, hidden, { numLayers, residual });
  const [output] = stack.forward(input.detach());
  output.square().mean().backward();
  const { byName } = await optim.gradNorms(stack.namedParameters());
  return Array.from({ length: numLayers }, (_, i) => byName.get(`weight_hh_l${i}`) ?? Number.NaN);
}

/** Loss and gradient norm of each update of a plain ReLU layer that explodes on the adding problem. */
async function training(limit: number): Promise<{ losses: number[]; norms: number[] }> {
  manualSeed(1);
  const model = new Adder('RNN', 32);
  noGrad(() => parameterOf(model, 'rnn.weight_hh_l0').copyFrom(randn([32, 32]).mul(0.35)));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.05 });
  const [losses, norms]: [number[], number[]] = [[], []];
  for (let update = 0; update < flags.updates; update++) {
    await scope(async () => {
      const { input: x, target } = addingProblem(50, 32);
      optimizer.zeroGrad();
      const loss = mseLoss(model.forward(x), target);
      loss.backward();
      norms.push(await optim.clipGradNorm(model.parameters(), limit).item());
      optimizer.step();
      losses.push(await loss.item());
    });
  }
  return { losses, norms };
}

const x = { label: 'time step' };
const y = { label: 'gradient norm', scale: 'log' } as const;
const exploding = stretching(1.15);
const cut = steps - 25;
const free = await training(Number.POSITIVE_INFINITY);
const clipped = await training(1);
const series = (name: string, norms: number[]) => ({ name, y: norms });
const tanh = normsThroughTime(new nn.RNN(FEATURES, hidden));

const charts = [
  plot.lineChart(
    [
      series('0.8', normsThroughTime(stretching(0.8))),
      series('1', normsThroughTime(stretching(1))),
      series('1.15', normsThroughTime(exploding)),
    ],
    { title: 'Vanishing and exploding: recurrent weights of 0.8, 1 and 1.15', x, y },
  ),
  plot.lineChart(
    [
      series('tanh, as PyTorch starts it', tanh),
      series('tanh from the identity', normsThroughTime(stretching(1, 'tanh'))),
      series('ReLU from the identity', normsThroughTime(stretching(1))),
    ],
    { title: 'ReLU: a slope of 1 where tanh flattens out', x, y },
  ),
  plot.lineChart(
    [
      series('tanh', tanh),
      series('GRU, gate at 3', normsThroughTime(remembering(new nn.GRU(FEATURES, hidden), 3))),
      series('LSTM, gate at 3', normsThroughTime(remembering(new nn.LSTM(FEATURES, hidden), 3))),
      series('LSTM, as PyTorch starts it', normsThroughTime(new nn.LSTM(FEATURES, hidden))),
    ],
    { title: 'Gates: a state that is kept keeps its gradient', x, y },
  ),
  plot.lineChart(
    [
      series('whole', normsThroughTime(exploding)),
      series('cut after 25 steps', normsThroughTime(exploding, cut)),
    ],
    {
      title: 'Truncation: nothing flows past the cut',
      x,
      y,
      marks: [{ x: cut, label: 'cut' }],
    },
  ),
  plot.lineChart(
    [
      series('norm', free.norms),
      series('norm, clipped to 1 after', clipped.norms),
      series('loss', free.losses),
      series('loss with clipping', clipped.losses),
    ],
    {
      title: 'Clipping: gradients that explode, and the loss',
      x: { label: 'update' },
      y: { label: 'norm, mean squared error', scale: 'log' },
    },
  ),
  plot.lineChart(
    [
      series('plain', await normsThroughDepth(false)),
      series('residual', await normsThroughDepth(true)),
    ],
    {
      title: 'Residual: ten layers on top of each other',
      x: { label: 'layer' },
      y,
    },
  ),
];
await mkdir('out', { recursive: true });
const title = 'The norm of the gradient, by the time step that it has come back to';
await io.writeFileAtomic('out/gradient-flow.svg', plot.panels(charts, { title, columns: 2 }));
console.log('picture: out/gradient-flow.svg');
