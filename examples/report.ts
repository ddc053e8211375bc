// A run with everything that records it: TensorBoard files, CSV, and an HTML report to look at
import { crossEntropy, data, manualSeed, models, optim, train } from 'axonode';

manualSeed(1);
const normalisation = { mean: data.MNIST_MEAN, std: data.MNIST_STD };
const [training, test] = [
  new data.ImageDataset(data.syntheticDigits(6000, { seed: 1 }), normalisation),
  new data.ImageDataset(data.syntheticDigits(1000, { seed: 2 }), normalisation),
];
const loader = new data.DataLoader(training, { batchSize: 64, shuffle: true });
const validation = new data.DataLoader(test, { batchSize: 250 });

const model = models.lenet5();
const optimizer = new optim.SGD(model.parameters(), { lr: 0.02, momentum: 0.9 });
const history = await train.fit({
  model,
  data: loader,
  validation,
  loss: crossEntropy,
  optimizer,
  schedule: new optim.OneCycleLR(optimizer, 0.05, { totalSteps: 6 * loader.length }),
  metrics: { accuracy: new train.Accuracy() },
  epochs: 6,
  callbacks: [
    new train.TensorBoard('out/report/board', { histograms: 1 }),
    new train.CsvLogger('out/report/epochs.csv'),
    new train.LearningRateLogger('out/report/rates.svg'),
    new train.HtmlReport('out/report/report.html', {
      title: 'LeNet-5 on drawn digits',
      input: [1, 1, 28, 28],
      predictions: { data: validation, ...normalisation },
    }),
  ],
});
console.log(history.summary());
console.log('report: out/report/report.html, curves: tensorboard --logdir out/report/board');
