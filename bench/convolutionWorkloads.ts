import { conv2d, convTranspose2d, grad, maxPool2d, noGrad, randn, type Tensor } from 'axonode';
import type { Step, Workload } from './workload.js';

/** [N, C, H, W] convolved to K channels. */
interface Shape {
  readonly input: readonly [batch: number, channels: number, height: number, width: number];
  readonly outputs: number;
  readonly kernel: readonly [number, number];
  readonly stride: number;
  readonly padding: readonly [number, number];
  readonly transposed?: boolean;
}

function square(
  [batch, channels, size]: readonly [number, number, number],
  outputs: number,
  kernel: number,
  stride = 1,
  padding = (kernel - 1) / 2,
): Shape {
  return {
    input: [batch, channels, size, size],
    outputs,
    kernel: [kernel, kernel],
    stride,
    padding: [padding, padding],
  };
}

/** The convolutions of the classic networks; the name of the row is `conv_N_C_H_K_RxS_stride/pass`, convT_... if transposed. */
const SHAPES: readonly Shape[] = [
  square([8, 64, 56], 64, 3),
  square([8, 128, 28], 128, 3),
  square([8, 256, 14], 256, 3),
  square([8, 512, 7], 512, 3),
  square([128, 16, 32], 16, 3),
  square([128, 64, 8], 64, 3),
  square([64, 256, 8], 256, 3),
  square([64, 32, 26], 64, 3, 1, 0),
  square([8, 256, 28], 128, 1),
  square([8, 64, 56], 256, 1),
  square([8, 256, 56], 64, 1),
  square([8, 1024, 14], 256, 1),
  square([8, 2048, 7], 512, 1),
  square([8, 256, 56], 512, 1, 2),
  square([8, 64, 56], 128, 3, 2),
  square([8, 3, 224], 64, 7, 2),
  square([64, 3, 32], 64, 3),
  square([64, 1, 28], 32, 3),
  square([8, 32, 28], 96, 5),
  {
    input: [8, 128, 17, 17],
    outputs: 192,
    kernel: [1, 7],
    stride: 1,
    padding: [0, 3],
  },
  { ...square([64, 128, 7], 64, 4, 2, 1), transposed: true },
];

type Pass = 'forward' | 'inputGrad' | 'weightGrad';

/** Random, and stored as convolutions store their results. */
function image(shape: readonly number[]): Tensor {
  return noGrad(() => maxPool2d(randn(shape), 1)).keep();
}

function outputShape({ input, outputs, kernel, stride, padding, transposed }: Shape): number[] {
  const size = (axis: 0 | 1): number => {
    const [from, missing] = [input[axis === 0 ? 2 : 3], kernel[axis] - 2 * padding[axis]];
    return transposed ? (from - 1) * stride + missing : Math.floor((from - missing) / stride) + 1;
  };
  return [input[0], outputs, size(0), size(1)];
}

/** Calls queued before the last is waited for. */
const CALLS = 4;

function passOf(shape: Shape, pass: Pass): () => Tensor {
  const { input, outputs, kernel, stride, padding, transposed } = shape;
  const channels = transposed ? [input[1], outputs] : [outputs, input[1]];
  const weight = randn([...channels, ...kernel]).mul(0.05);
  const apply = transposed ? convTranspose2d : conv2d;
  if (pass === 'forward') {
    const x = image(input);
    return () => noGrad(() => apply(x, weight, null, { stride, padding }));
  }
  const dy = image(outputShape(shape));
  if (pass === 'inputGrad') {
    if (transposed) return () => noGrad(() => conv2d(dy, weight, null, { stride, padding }));
    const missing = (axis: 0 | 1): number =>
      (input[axis === 0 ? 2 : 3] + 2 * padding[axis] - kernel[axis]) % stride;
    const options = { stride, padding, outputPadding: [missing(0), missing(1)] as const };
    return () => noGrad(() => convTranspose2d(dy, weight, null, options));
  }
  const trained = weight.detach();
  trained.requiresGrad = true;
  const y = apply(image(input), trained, null, { stride, padding }).keep();
  return () => {
    const [dw] = grad(y, [trained], { gradients: [dy], retainGraph: true });
    if (!dw) throw new Error('the weight has no gradient');
    return dw;
  };
}

function rowOf(shape: Shape, pass: Pass): Workload {
  const { input, outputs, kernel, stride, transposed } = shape;
  const [, , height = 0, width = 0] = transposed ? input : outputShape(shape);
  return {
    name: `${transposed ? 'convT' : 'conv'}_${input[0]}_${input[1]}_${input[2]}_${outputs}_${kernel.join('x')}_${stride}/${pass}`,
    ts: false,
    flops: 2 * input[0] * outputs * height * width * input[1] * kernel[0] * kernel[1],
    repeats: CALLS,
    make(): Step {
      const run = passOf(shape, pass);
      return async () => {
        for (let i = 1; i < CALLS; i++) run().dispose();
        const last = run();
        const corner = last.slice([0, 1], [0, 1], [0, 1], [0, 1]);
        const value = await corner.item();
        corner.dispose();
        last.dispose();
        return value;
      };
    },
  };
}

export const CONVOLUTION_WORKLOADS: readonly Workload[] = SHAPES.flatMap((shape) =>
  (['forward', 'inputGrad', 'weightGrad'] as const).map((pass) => rowOf(shape, pass)),
);
