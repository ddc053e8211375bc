// A noisy signal with a daily and a weekly season: an LSTM forecasts the next two weeks, with its plot
import { mkdir } from 'node:fs/promises';
import {
  DataError,
  data,
  io,
  manualSeed,
  mseLoss,
  nn,
  noGrad,
  optim,
  plot,
  randn,
  type Tensor,
  tensor,
  train,
} from 'axonode';
import { hidden, readFlags, seed, text, updates, whole, wholes } from './support/flags.js';

const flags = readFlags('npm run example -- forecast', {
  data: text('FILE', undefined, 'your own signal, one number a line'),
  periods: wholes([24, 168], 'steps after which it repeats'),
  horizon: whole(336, 'steps to forecast'),
  updates: updates(400),
  hidden: hidden(32),
  seed: seed(),
});
const { horizon, periods } = flags;
/** For the forecast to beat, which says the same as the longest period ago. */
const period = Math.max(...periods);
manualSeed(flags.seed);

/** Hourly values of 20 weeks: days, weeks and noise. */
function signal(): Float32Array {
  const noise = randn([20 * 168]).dataSync();
  const wave = (hour: number, period: number) => Math.sin((2 * Math.PI * hour) / period);
  return Float32Array.from(noise, (error, hour) => {
    return 20 + 4 * wave(hour, 24) + wave(hour, 12) + 2 * wave(hour, 168) + 0.6 * error;
  });
}

/** One number a line. */
async function read(path: string): Promise<Float32Array> {
  const lines = (await data.loadText(path)).split(/\s+/).filter((line) => line !== '');
  const values = Float32Array.from(lines, Number);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new DataError(`${path}: line ${bad + 1} is ${lines[bad]}, expected a number`);
  return values;
}

/** A value, and where in each period it is: the inputs of a step. */
function inputsOf(value: number, step: number): number[] {
  const angles = periods.map((each) => (2 * Math.PI * step) / each);
  return [value, ...angles.flatMap((angle) => [Math.sin(angle), Math.cos(angle)])];
}
const FEATURES = 1 + 2 * periods.length;

/** Reads the signal, and says the next value. */
class Forecaster extends nn.Module {
  readonly rnn: nn.LSTM;
  readonly head: nn.Linear;

  constructor(hidden: number) {
    super();
    this.rnn = new nn.LSTM(FEATURES, hidden, { batchFirst: true });
    this.head = new nn.Linear(hidden, 1);
  }

  override forward(x: Tensor, state: nn.LstmState | null = null): [Tensor, nn.LstmState] {
    const [features, next] = this.rnn.forward(x, state);
    return [this.head.forward(features), next];
  }
}

const values = flags.data === undefined ? signal() : await read(flags.data);
const known = values.subarray(0, values.length - horizon);
const future = values.subarray(values.length - horizon);
const mean = known.reduce((a, b) => a + b, 0) / known.length;
const std = Math.sqrt(known.reduce((sum, v) => sum + (v - mean) ** 2, 0) / known.length);
const scaled = known.map((value) => (value - mean) / std);

const model = new Forecaster(flags.hidden);
const optimizer = new optim.Adam(model.parameters(), { lr: 3e-3 });
const schedule = new optim.CosineAnnealingLR(optimizer, flags.updates);
const inputs = tensor(Array.from(scaled, inputsOf));
const stream = new data.StreamBatches(inputs, 168, {
  batchSize: 8,
  epochs: Number.POSITIVE_INFINITY,
});
const losses: number[] = [];
/** The next value counts; the calendar is known. */
const lossOf = (output: Tensor, target: Tensor): Tensor => mseLoss(output, target.narrow(2, 0, 1));
const options = { optimizer, loss: lossOf, batchFirst: true, clipGradNorm: 1 };
for await (const { loss, updates: done } of train.truncatedBptt(model, stream, options)) {
  losses.push(await loss.item());
  schedule.step();
  if (done % Math.ceil(flags.updates / 5) === 0)
    console.log(`update ${done}  mean squared error ${losses.at(-1)?.toFixed(4)}`);
  if (done === flags.updates) break;
}

/** Reads all that is known, then its own forecasts. */
function forecast(): Float32Array {
  return noGrad(() => {
    let [output, state] = model.forward(inputs.unsqueeze(0));
    const said = [output.select(1, -1).itemSync()];
    for (let step = scaled.length; said.length < horizon; step++) {
      [output, state] = model.forward(tensor([[inputsOf(said.at(-1) ?? 0, step)]]), state);
      said.push(output.itemSync());
    }
    return Float32Array.from(said, (value) => value * std + mean);
  });
}
const said = forecast();
const repeated = future.map((_, i) => known[known.length - period + (i % period)] ?? mean);
const rootMeanSquare = (guess: Float32Array): number =>
  Math.sqrt(guess.reduce((sum, v, i) => sum + (v - (future[i] ?? v)) ** 2, 0) / guess.length);
console.log(
  `root mean squared error over ${horizon} steps: LSTM ${rootMeanSquare(said).toFixed(3)}`,
);
console.log(`the same as a period of ${period} ago: ${rootMeanSquare(repeated).toFixed(3)}`);

const steps = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + i);
const shown = Math.min(known.length, horizon);
const picture = plot.panels(
  [
    plot.lineChart(
      [
        {
          name: 'known',
          x: steps(-shown, shown),
          y: known.subarray(known.length - shown),
          color: '#999',
        },
        { name: 'what came', x: steps(0, horizon), y: future, color: '#56b4e9' },
        { name: 'forecast', x: steps(0, horizon), y: said, color: '#d55e00' },
      ],
      {
        title: `Forecast of ${horizon} steps, from its own forecasts only`,
        width: 900,
        x: { label: 'step from now' },
        marks: [{ x: 0, label: 'now' }],
      },
    ),
    plot.lineChart([{ y: losses }], {
      title: 'Training, one step ahead',
      width: 900,
      height: 240,
      x: { label: 'update' },
      y: { label: 'mean squared error', scale: 'log' },
    }),
  ],
  { columns: 1 },
);
await mkdir('out', { recursive: true });
await io.writeFileAtomic('out/forecast.svg', picture);
console.log('picture: out/forecast.svg');
