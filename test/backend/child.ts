import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const addonPath =
  process.env.AXONODE_ADDON ??
  fileURLToPath(new URL('../../build/Release/axonode.node', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** Runs an ES module in a process of its own, in the package's folder. */
export function runModule(
  code: string,
  env: Record<string, string | undefined> = {},
  nodeOptions: readonly string[] = [],
): Promise<Ended> {
  const begin = performance.now();
  const child = spawn(process.execPath, [...nodeOptions, '--input-type=module', '-e', code], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 50_000,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr, milliseconds: performance.now() - begin });
    });
  });
}
