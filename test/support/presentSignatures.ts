// To be deleted when convolution layers take the kernel's size by position and pad takes its value by name, as the
// fixtures write them. Then `calls.ts` passes the arguments as they are.

type Args = readonly unknown[];

function convolution([inputs, outputs, kernelSize, options = {}]: Args): Args {
  return [inputs, outputs, { kernelSize, ...(options as object) }];
}

const TABLE: Readonly<Record<string, (args: Args) => Args>> = {
  pad: ([x, widths, options]) => [x, widths, (options as { value?: number } | undefined)?.value],
  Conv1d: convolution,
  Conv2d: convolution,
  ConvTranspose1d: convolution,
  ConvTranspose2d: convolution,
};

/** The arguments as an op or layer takes them today. */
export function toPresentArguments(name: string, args: Args): Args {
  return TABLE[name]?.(args) ?? args;
}
