// A trial of hyperparameter-search.ts. JavaScript, because worker threads load it as it is.
import { crossEntropy, data, manualSeed, nn, optim, train } from 'axonode';

/** Trains a network of one hidden layer on drawn digits for `budget` epochs; the accuracy on others is the score. */
export default async function trial({ params, budget, seed, signal }) {
  manualSeed(seed);
  const digits = (count, from) =>
    new data.DataLoader(new data.ImageDataset(data.syntheticDigits(count, { seed: from })), {
      batchSize: 50,
      shuffle: true,
      seed: from,
    });
  const model = new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(784, params.hidden),
    new nn.ReLU(),
    new nn.Dropout(params.dropout),
    new nn.Linear(params.hidden, 10),
  );
  const Optimizer = optim[params.optimizer];
  const history = await train.fit({
    model,
    data: digits(1000, 1),
    validation: digits(500, 2),
    loss: crossEntropy,
    optimizer: new Optimizer(model.parameters(), { lr: params.lr }),
    metrics: { accuracy: new train.Accuracy() },
    epochs: budget,
    progress: false,
    signal,
  });
  return history.epochs.at(-1)?.values.valAccuracy;
}
