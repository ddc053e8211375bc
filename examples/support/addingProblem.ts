import { nn, ones, rand, randint, type Tensor, zeros } from 'axonode';

/**
 * The adding problem (Hochreiter and Schmidhuber 1997): each step has a number on [0, 1) and a mark; two steps are
 * marked, one in each half, and the answer after the last step is the sum of their numbers. Who always says 1 has a
 * mean squared error of 1/6 = 0.167.
 */
export function addingProblem(steps: number, batch: number): { input: Tensor; target: Tensor } {
  const half = Math.floor(steps / 2);
  const values = rand([batch, steps]);
  const first = randint(0, half, [batch, 1]);
  const second = randint(half, steps, [batch, 1]);
  const one = ones([batch, 1]);
  const marks = zeros([batch, steps]).scatterAdd(1, first, one).scatterAdd(1, second, one);
  const target = values.mul(marks).sum(1, { keepDims: true });
  const input = values.reshape([batch, steps, 1]);
  return { input: pair(input, marks.reshape([batch, steps, 1])), target };
}

function pair(values: Tensor, marks: Tensor): Tensor {
  return values.pad([[0, 1]]).add(marks.pad([[1, 0]]));
}

export type CellName = 'RNN' | 'GRU' | 'LSTM';

/** One recurrent layer, and a sum read off its last state. */
export class Adder extends nn.Module {
  readonly rnn: nn.RNN | nn.GRU | nn.LSTM;
  readonly head: nn.Linear;

  constructor(cell: CellName, hiddenSize: number) {
    super();
    this.rnn = new nn[cell](2, hiddenSize, { batchFirst: true });
    this.head = new nn.Linear(hiddenSize, 1);
  }

  override forward(x: Tensor): Tensor {
    const [output] = this.rnn.forward(x);
    return this.head.forward(output.select(1, -1));
  }
}
