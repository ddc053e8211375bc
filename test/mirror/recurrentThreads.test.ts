import { afterEach, describe, it } from 'vitest';
import { backendInfo, manualSeed, nn, randn, setNumThreads, type Tensor } from '../../src/index.js';
import { expectClose, expectSame } from '../support/close.js';

const { threads } = backendInfo();
afterEach(() => setNumThreads(threads));

const LAYERS = {
  RNN: (hidden: number) => new nn.RNN(5, hidden, { batchFirst: true }),
  GRU: (hidden: number) => new nn.GRU(5, hidden, { batchFirst: true }),
  LSTM: (hidden: number) => new nn.LSTM(5, hidden, { batchFirst: true }),
  'LSTM with projection': (hidden: number) =>
    new nn.LSTM(5, hidden, { batchFirst: true, projSize: hidden >> 1 }),
};

/** The output and every gradient, computed by so many threads. */
function run(
  make: (hidden: number) => nn.RNN | nn.GRU | nn.LSTM,
  hidden: number,
  lengths: readonly number[],
  count: number,
): Tensor[] {
  setNumThreads(count);
  manualSeed(5);
  const layer = make(hidden);
  const x = randn([lengths.length, Math.max(...lengths), 5]);
  x.requiresGrad = true;
  const [output] = layer.forward(x, null, { lengths });
  output.square().sum().backward();
  const all = [output, x.grad, ...layer.parameters().map(({ grad }) => grad)];
  return all.filter((tensor) => tensor !== null);
}

describe.each(Object.entries(LAYERS))('%s', (_, make) => {
  it.each([
    ['sequences of its own for each thread', 136, [4, 4, 4, 4, 4, 4, 4, 4, 4]],
    ['units of its own for each thread', 136, [4, 4, 4, 3, 3, 2, 1]],
    ['units, for there are too few sequences', 200, [4, 4, 4]],
    ['units, for the weights are large', 520, [3, 3, 3, 3, 3, 3]],
  ])('does not depend on the threads: %s', (_, hidden, lengths) => {
    const alone = run(make, hidden, lengths, 1);
    for (const count of [2, 3]) {
      const shared = run(make, hidden, lengths, count);
      for (const [i, tensor] of shared.entries()) {
        expectClose(tensor.dataSync(), alone[i]?.dataSync() ?? [], { rtol: 1e-4, atol: 1e-4 });
      }
      const again = run(make, hidden, lengths, count);
      for (const [i, tensor] of again.entries()) {
        expectSame(tensor.dataSync(), shared[i]?.dataSync() ?? []);
      }
    }
  });
});
