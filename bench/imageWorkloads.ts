import {
  bceWithLogitsLoss,
  models,
  nn,
  noGrad,
  ones,
  optim,
  randn,
  type Tensor,
  zeros,
} from 'axonode';
import { classification, type Step, type Workload } from './workload.js';

/** A training step of a classifier on random images [batch, 3, size, size]. */
function training(
  name: string,
  make: () => nn.Layer,
  batch: number,
  size: number,
  classes: number,
): Workload {
  return {
    name,
    ts: false,
    make: () => classification(make(), randn([batch, 3, size, size]), classes),
  };
}

/** VGG-11 with batch-norm as it is used on small images: one linear layer after the convolutions. */
class SmallVgg extends nn.Module {
  readonly features = models.vgg11Bn({ numClasses: 10 }).features;
  readonly classifier = new nn.Linear(512, 10);

  override forward(x: Tensor): Tensor {
    return this.classifier.forward(this.features.forward(x).flatten(1));
  }
}

/** Only the last layer trains; batch-norm uses the batch's statistics, as in training. */
function frozenResnet50(): Step {
  const model = models.resnet50({ numClasses: 100 });
  model.freeze();
  model.fc.unfreeze();
  return classification(model, randn([8, 3, 224, 224]), 100, model.fc);
}

function inference(name: string, make: () => nn.Layer, batch: number): Workload {
  return {
    name,
    ts: false,
    make() {
      const model = make();
      model.eval();
      const x = randn([batch, 3, 224, 224]);
      return async () => await noGrad(() => model.forward(x).sum()).item();
    },
  };
}

/** One step of each of the two players of a DCGAN on 28x28 images (Radford et al. 2015). */
function dcgan(): Step {
  const generator = new nn.Sequential(
    new nn.ConvTranspose2d(64, 128, 7, { bias: false }),
    new nn.BatchNorm2d(128, { relu: true }),
    new nn.ConvTranspose2d(128, 64, 4, { stride: 2, padding: 1, bias: false }),
    new nn.BatchNorm2d(64, { relu: true }),
    new nn.ConvTranspose2d(64, 1, 4, { stride: 2, padding: 1 }),
    new nn.Tanh(),
  );
  const critic = new nn.Sequential(
    new nn.Conv2d(1, 64, 4, { stride: 2, padding: 1 }),
    new nn.LeakyReLU({ slope: 0.2 }),
    new nn.Conv2d(64, 128, 4, { stride: 2, padding: 1, bias: false }),
    new nn.BatchNorm2d(128),
    new nn.LeakyReLU({ slope: 0.2 }),
    new nn.Conv2d(128, 1, 7),
  );
  const adam = (model: nn.Module): optim.Optimizer =>
    new optim.Adam(model.parameters(), { lr: 2e-4, betas: [0.5, 0.999] });
  const [generatorStep, criticStep] = [adam(generator), adam(critic)];
  const images = randn([64, 1, 28, 28]);
  const [real, fake] = [ones([64]), zeros([64])];
  const lossOf = (x: Tensor, target: Tensor): Tensor =>
    bceWithLogitsLoss(critic.forward(x).flatten(), target);
  return async () => {
    const made = generator.forward(randn([64, 64, 1, 1]));
    criticStep.zeroGrad();
    const loss = lossOf(images, real).add(lossOf(made.detach(), fake));
    loss.backward();
    criticStep.step();
    generatorStep.zeroGrad();
    lossOf(made, real).backward();
    generatorStep.step();
    return await loss.item();
  };
}

export const IMAGE_WORKLOADS: readonly Workload[] = [
  training('resnet20', () => models.resnet20(), 128, 32, 10),
  training('vgg11', () => new SmallVgg(), 64, 32, 10),
  training('resnet18_224', () => models.resnet18({ numClasses: 100 }), 8, 224, 100),
  training(
    'googlenet_224',
    () => models.googlenet({ numClasses: 100, auxLogits: false }),
    8,
    224,
    100,
  ),
  { name: 'resnet50_frozen', ts: false, make: frozenResnet50 },
  inference('infer_resnet18_b1', () => models.resnet18(), 1),
  inference('infer_resnet50_b8', () => models.resnet50(), 8),
  { name: 'dcgan', ts: false, make: dcgan },
];
