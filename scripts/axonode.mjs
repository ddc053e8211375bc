#!/usr/bin/env node
// The package's command: builds the native addon of this copy of axonode, in a checkout or inside
// someone's node_modules. Installing the package runs nothing.
import { fileURLToPath } from 'node:url';
import { buildAddon, requireTools } from './lib/native.mjs';
import { checkNode } from './lib/node.mjs';
import { runMain, say } from './lib/run.mjs';
import { installCommand, missingTools } from './lib/toolchain.mjs';

const usage = `usage: axonode build

Builds the native backend. It needs a C++ compiler, CMake and OpenBLAS; what is missing is named,
with the command that installs it. Without the native backend the TypeScript one runs.`;

const root = fileURLToPath(new URL('..', import.meta.url));

runMain(() => {
  const [command, ...rest] = process.argv.slice(2);
  if (command !== 'build' || rest.length > 0) {
    const asked = command === '--help' || command === '-h';
    (asked ? console.log : console.error)(usage);
    return asked ? 0 : 2;
  }
  checkNode();
  requireTools();
  const slower = missingTools().filter((tool) => !tool.required);
  say('building the native addon, which takes a minute or two');
  say(`built ${buildAddon(root)}`);
  for (const tool of slower) {
    say(`${tool.what} is missing, so training is slower. Run: ${installCommand([tool])}`);
    say('and then: npx axonode build');
  }
  return 0;
});
