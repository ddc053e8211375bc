import {
  AdaptiveAvgPool2d,
  AvgPool2d,
  chain,
  Flatten,
  Linear,
  MaxPool2d,
  Module,
} from '../nn/index.js';
import { concat } from '../ops/join.js';
import type { Tensor } from '../tensor/tensor.js';
import { ConvNormActivation } from './blocks.js';

// The blocks of Inception v3 with torchvision's names; figures are those of Szegedy et al. 2015.

function pointwise(inChannels: number, outChannels: number): ConvNormActivation {
  return new ConvNormActivation(inChannels, outChannels, 1);
}

function halving(inChannels: number, outChannels: number): ConvNormActivation {
  return new ConvNormActivation(inChannels, outChannels, 3, { stride: 2 });
}

/** A convolution of one row or column, which keeps the size of the maps. */
function line(
  inChannels: number,
  outChannels: number,
  [height, width]: readonly [number, number],
): ConvNormActivation {
  const padding = [(height - 1) / 2, (width - 1) / 2] as const;
  return new ConvNormActivation(inChannels, outChannels, [height, width], { padding });
}

function average(): AvgPool2d {
  return new AvgPool2d(3, { stride: 1, padding: 1 });
}

/** 1×1, 5×5, two 3×3 and pooling, side by side: figure 5. */
export class InceptionA extends Module {
  readonly branch1x1: ConvNormActivation;
  readonly branch5x5_1: ConvNormActivation;
  readonly branch5x5_2 = new ConvNormActivation(48, 64, 5, { padding: 2 });
  readonly branch3x3dbl_1: ConvNormActivation;
  readonly branch3x3dbl_2 = new ConvNormActivation(64, 96, 3, { padding: 1 });
  readonly branch3x3dbl_3 = new ConvNormActivation(96, 96, 3, { padding: 1 });
  readonly pool = average();
  readonly branch_pool: ConvNormActivation;

  constructor(inChannels: number, poolFeatures: number) {
    super();
    this.branch1x1 = pointwise(inChannels, 64);
    this.branch5x5_1 = pointwise(inChannels, 48);
    this.branch3x3dbl_1 = pointwise(inChannels, 64);
    this.branch_pool = pointwise(inChannels, poolFeatures);
  }

  override forward(x: Tensor): Tensor {
    return concat(
      [
        this.branch1x1.forward(x),
        chain(x, this.branch5x5_1, this.branch5x5_2),
        chain(x, this.branch3x3dbl_1, this.branch3x3dbl_2, this.branch3x3dbl_3),
        chain(x, this.pool, this.branch_pool),
      ],
      1,
    );
  }
}

/** Halves the maps of {@link InceptionA}, by convolutions and pooling side by side: figure 10. */
export class InceptionB extends Module {
  readonly branch3x3: ConvNormActivation;
  readonly branch3x3dbl_1: ConvNormActivation;
  readonly branch3x3dbl_2 = new ConvNormActivation(64, 96, 3, { padding: 1 });
  readonly branch3x3dbl_3 = halving(96, 96);
  readonly pool = new MaxPool2d(3, { stride: 2 });

  constructor(inChannels: number) {
    super();
    this.branch3x3 = halving(inChannels, 384);
    this.branch3x3dbl_1 = pointwise(inChannels, 64);
  }

  override forward(x: Tensor): Tensor {
    return concat(
      [
        this.branch3x3.forward(x),
        chain(x, this.branch3x3dbl_1, this.branch3x3dbl_2, this.branch3x3dbl_3),
        this.pool.forward(x),
      ],
      1,
    );
  }
}

/** 7×7 convolutions as pairs of a row and a column: figure 6. */
export class InceptionC extends Module {
  readonly branch1x1: ConvNormActivation;
  readonly branch7x7_1: ConvNormActivation;
  readonly branch7x7_2: ConvNormActivation;
  readonly branch7x7_3: ConvNormActivation;
  readonly branch7x7dbl_1: ConvNormActivation;
  readonly branch7x7dbl_2: ConvNormActivation;
  readonly branch7x7dbl_3: ConvNormActivation;
  readonly branch7x7dbl_4: ConvNormActivation;
  readonly branch7x7dbl_5: ConvNormActivation;
  readonly pool = average();
  readonly branch_pool: ConvNormActivation;

  /** @param width channels between the 7×7 convolutions */
  constructor(inChannels: number, width: number) {
    super();
    this.branch1x1 = pointwise(inChannels, 192);
    this.branch7x7_1 = pointwise(inChannels, width);
    this.branch7x7_2 = line(width, width, [1, 7]);
    this.branch7x7_3 = line(width, 192, [7, 1]);
    this.branch7x7dbl_1 = pointwise(inChannels, width);
    this.branch7x7dbl_2 = line(width, width, [7, 1]);
    this.branch7x7dbl_3 = line(width, width, [1, 7]);
    this.branch7x7dbl_4 = line(width, width, [7, 1]);
    this.branch7x7dbl_5 = line(width, 192, [1, 7]);
    this.branch_pool = pointwise(inChannels, 192);
  }

  override forward(x: Tensor): Tensor {
    return concat(
      [
        this.branch1x1.forward(x),
        chain(x, this.branch7x7_1, this.branch7x7_2, this.branch7x7_3),
        chain(
          x,
          this.branch7x7dbl_1,
          this.branch7x7dbl_2,
          this.branch7x7dbl_3,
          this.branch7x7dbl_4,
          this.branch7x7dbl_5,
        ),
        chain(x, this.pool, this.branch_pool),
      ],
      1,
    );
  }
}

/** Halves the maps of {@link InceptionC}, by convolutions and pooling side by side. */
export class InceptionD extends Module {
  readonly branch3x3_1: ConvNormActivation;
  readonly branch3x3_2 = halving(192, 320);
  readonly branch7x7x3_1: ConvNormActivation;
  readonly branch7x7x3_2 = line(192, 192, [1, 7]);
  readonly branch7x7x3_3 = line(192, 192, [7, 1]);
  readonly branch7x7x3_4 = halving(192, 192);
  readonly pool = new MaxPool2d(3, { stride: 2 });

  constructor(inChannels: number) {
    super();
    this.branch3x3_1 = pointwise(inChannels, 192);
    this.branch7x7x3_1 = pointwise(inChannels, 192);
  }

  override forward(x: Tensor): Tensor {
    return concat(
      [
        chain(x, this.branch3x3_1, this.branch3x3_2),
        chain(x, this.branch7x7x3_1, this.branch7x7x3_2, this.branch7x7x3_3, this.branch7x7x3_4),
        this.pool.forward(x),
      ],
      1,
    );
  }
}

/** 3×3 convolutions as a row and a column side by side: figure 7. */
export class InceptionE extends Module {
  readonly branch1x1: ConvNormActivation;
  readonly branch3x3_1: ConvNormActivation;
  readonly branch3x3_2a = line(384, 384, [1, 3]);
  readonly branch3x3_2b = line(384, 384, [3, 1]);
  readonly branch3x3dbl_1: ConvNormActivation;
  readonly branch3x3dbl_2 = new ConvNormActivation(448, 384, 3, { padding: 1 });
  readonly branch3x3dbl_3a = line(384, 384, [1, 3]);
  readonly branch3x3dbl_3b = line(384, 384, [3, 1]);
  readonly pool = average();
  readonly branch_pool: ConvNormActivation;

  constructor(inChannels: number) {
    super();
    this.branch1x1 = pointwise(inChannels, 320);
    this.branch3x3_1 = pointwise(inChannels, 384);
    this.branch3x3dbl_1 = pointwise(inChannels, 448);
    this.branch_pool = pointwise(inChannels, 192);
  }

  override forward(x: Tensor): Tensor {
    const single = this.branch3x3_1.forward(x);
    const double = chain(x, this.branch3x3dbl_1, this.branch3x3dbl_2);
    return concat(
      [
        this.branch1x1.forward(x),
        this.branch3x3_2a.forward(single),
        this.branch3x3_2b.forward(single),
        this.branch3x3dbl_3a.forward(double),
        this.branch3x3dbl_3b.forward(double),
        chain(x, this.pool, this.branch_pool),
      ],
      1,
    );
  }
}

/** A classifier on the 17×17 maps in the middle of the network: figure 8. */
export class InceptionAux extends Module {
  readonly pool = new AvgPool2d(5, { stride: 3 });
  readonly conv0: ConvNormActivation;
  readonly conv1 = new ConvNormActivation(128, 768, 5);
  readonly avgpool = new AdaptiveAvgPool2d(1);
  readonly flatten = new Flatten();
  readonly fc: Linear;

  constructor(inChannels: number, numClasses: number) {
    super();
    this.conv0 = pointwise(inChannels, 128);
    this.fc = new Linear(768, numClasses);
  }

  override forward(x: Tensor): Tensor {
    return chain(x, this.pool, this.conv0, this.conv1, this.avgpool, this.flatten, this.fc);
  }
}
