import { spawnSync } from 'node:child_process';
import { findProgram, runLogged } from '../lib/run.mjs';

// A machine without network should hear so soon.
const options = [
  ...['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20'],
  ...['-o', 'Acquire::https::Timeout=20', '-o', 'DPkg::Lock::Timeout=120'],
];

/** What to put before a command to run it as root without being asked anything, or undefined. */
function rootPrefix() {
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive'];
  if (process.getuid?.() === 0) return environment;
  if (!findProgram('sudo')) return undefined;
  const silent = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  return silent ? ['sudo', '-n', ...environment] : undefined;
}

/** Whether apt-get is here and may be used without asking for a password. */
export function canUseApt() {
  return findProgram('apt-get') !== undefined && rootPrefix() !== undefined;
}

/** Installs Debian or Ubuntu packages, with fresh package lists when the present ones fail. */
export function aptInstall(packages, log) {
  const apt = (...args) => {
    const [command, ...rest] = [...(rootPrefix() ?? []), 'apt-get', ...options, ...args];
    runLogged(`apt-get ${args.join(' ')}`, command, rest, { log });
  };
  const install = () => apt('install', '-y', '--no-install-recommends', ...packages);
  try {
    install();
  } catch {
    apt('update');
    install();
  }
}
