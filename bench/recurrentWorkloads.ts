import { crossEntropy, nn, optim, randint, type Tensor } from 'axonode';
import { training, type Workload } from './workload.js';

const CHARACTERS = 65;
const FEATURES = 64;

const CELLS = { lstm: nn.LSTM, gru: nn.GRU, rnn: nn.RNN } as const;
type Cell = keyof typeof CELLS;

/** A character model: embedding, recurrent layers, and one linear layer at every step. */
class CharacterModel extends nn.Module {
  readonly e: nn.Embedding;
  readonly r: nn.LSTM | nn.GRU | nn.RNN;
  readonly o: nn.Linear;

  constructor(cell: Cell, hidden: number, numLayers: number) {
    super();
    this.e = new nn.Embedding(CHARACTERS, FEATURES);
    this.r = new CELLS[cell](FEATURES, hidden, { numLayers, batchFirst: true });
    this.o = new nn.Linear(hidden, CHARACTERS);
  }

  override forward(x: Tensor): Tensor {
    const [output] = this.r.forward(this.e.forward(x));
    return this.o.forward(output);
  }
}

function characters(
  name: string,
  cell: Cell,
  hidden: number,
  numLayers: number,
  batch: number,
  steps: number,
): Workload {
  return {
    name,
    ts: name === 'lstm_small',
    make() {
      const model = new CharacterModel(cell, hidden, numLayers);
      const optimizer = new optim.Adam(model.parameters(), { lr: 2e-3 });
      const x = randint(0, CHARACTERS, [batch, steps]);
      const target = randint(0, CHARACTERS, [batch * steps]);
      return training(model, optimizer, () =>
        crossEntropy(model.forward(x).reshape([batch * steps, CHARACTERS]), target),
      );
    },
  };
}

export const RECURRENT_WORKLOADS: readonly Workload[] = [
  characters('lstm', 'lstm', 256, 2, 32, 64),
  characters('gru', 'gru', 256, 2, 32, 64),
  characters('rnn', 'rnn', 256, 2, 32, 64),
  characters('lstm512', 'lstm', 512, 2, 64, 64),
  characters('lstm_small', 'lstm', 128, 1, 8, 32),
];
