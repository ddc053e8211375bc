// A run with everything that records it: TensorBoard files, CSV, and an HTML report to look at
import {
  crossEntropy,
  DataLoader,
  ImageDataset,
  MNIST_MEAN,
  MNIST_STD,
  manualSeed,
  models,
  optim,
  syntheticDigits,
  train,
} from 'axonode';

manualSeed(1);
const normalisation = { mean: MNIST_MEAN, std: MNIST_STD };
const [training, test] = [
  new ImageDataset(syntheticDigits({ count: 6000, seed: 1 }), normalisation),
  new ImageDataset(syntheticDigits({ count: 1000, seed: 2 }), normalisation),
];
const data = new DataLoader(training, { batchSize: 64, shuffle: true });
const validation = new DataLoader(test, { batchSize: 250 });

const model = models.lenet5();
const optimizer = new optim.SGD(model.parameters(), { lr: 0.02, momentum: 0.9 });
const history = await train.fit({
  model,
  data,
  validation,
  loss: crossEntropy,
  optimizer,
  schedule: new optim.OneCycleLR(optimizer, { maxLr: 0.05, totalSteps: 6 * data.length }),
  metrics: { accuracy: new train.Accuracy() },
  epochs: 6,
  callbacks: [
    new train.TensorBoard('out/report/board', { histograms: 1 }),
    new train.CsvLogger('out/report/epochs.csv'),
    new train.LearningRateLogger({ path: 'out/report/rates.svg' }),
    new train.ReportHtml('out/report/report.html', {
      title: 'LeNet-5 on drawn digits',
      input: [1, 1, 28, 28],
      predictions: { data: validation, ...normalisation },
    }),
  ],
});
console.log(history.summary());
console.log('report: out/report/report.html, curves: tensorboard --logdir out/report/board');
