// The rounding errors in docs/convolution.md: npx tsx bench/convolutionError.ts
import { type Convolution, convolutionErrors, PASSES } from '../test/support/convolutionError.js';

function square(
  batch: number,
  channels: number,
  size: number,
  filters: number,
  kernel = 3,
  options: Convolution['options'] = { padding: 1 },
): Convolution {
  const { groups = 1, stride = 1 } = options;
  const kind = groups === 1 ? '' : groups === channels ? ' depthwise' : ` groups ${groups}`;
  return {
    name: `${batch}x${channels}x${size}x${size} to ${filters}, ${kernel}x${kernel}/${stride}${kind}`,
    input: [batch, channels, size, size],
    weight: [filters, channels / groups, kernel, kernel],
    options,
  };
}

const CASES: readonly Convolution[] = [
  square(8, 64, 56, 64),
  square(8, 128, 28, 128),
  square(8, 256, 14, 256),
  square(8, 512, 7, 512),
  square(128, 16, 32, 16),
  square(8, 512, 2, 512),
  square(64, 3, 32, 64),
  square(8, 64, 56, 128, 3, { padding: 1, stride: 2 }),
  square(8, 256, 28, 128, 1, {}),
  square(2, 3, 224, 64, 7, { padding: 3, stride: 2 }),
  square(8, 64, 28, 64, 3, { padding: 1, groups: 64 }),
  square(8, 64, 28, 64, 3, { padding: 1, groups: 4 }),
];

console.log(
  '| convolution | pass | fast | exact | im2col, float32 | TypeScript |\n| --- | --- | --- | --- | --- | --- |',
);
const PASS_NAMES = {
  forward: 'forward',
  inputGrad: 'input gradient',
  weightGrad: 'weight gradient',
} as const;
for (const convolution of CASES) {
  const { fast, exact, im2col, typescript } = convolutionErrors(convolution);
  for (const pass of PASSES) {
    const text = [fast, exact].map((errors) => {
      const { algorithm, error } = errors[pass];
      return `${error.toExponential(1)} ${algorithm}`;
    });
    text.push(...[im2col, typescript].map((errors) => errors[pass].error.toExponential(1)));
    console.log(`| ${convolution.name} | ${PASS_NAMES[pass]} | ${text.join(' | ')} |`);
  }
}
