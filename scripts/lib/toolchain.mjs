import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './run.mjs';

// In order of preference; the names are Debian's, libopenblaso is Fedora's OpenMP build.
const blasFolders = ['openblas-openmp', 'openblas-pthread', 'openblas', 'openblas-serial', ''];

/** The best OpenBLAS in the system's folders: its path, and whether it is the OpenMP build. */
export function findOpenBlas() {
  const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch] ?? '';
  const roots = ['/usr/local/lib', `/usr/lib/${triplet}`, '/usr/lib64', '/usr/lib'];
  for (const name of ['libopenblaso.so', 'libopenblas.so']) {
    for (const folder of blasFolders) {
      const path = roots.map((root) => join(root, folder, name)).find(existsSync);
      if (path === undefined) continue;
      return { path, openmp: name === 'libopenblaso.so' || folder === 'openblas-openmp' };
    }
  }
  return undefined;
}

/**
 * What the machine lacks to build the addon, each with its name to a reader and its package for
 * apt, dnf and Homebrew. `required: false` means that the build works without it, but slower code
 * comes out.
 */
export function missingTools() {
  const missing = [];
  const need = (found, what, apt, dnf, brew, required = true) => {
    if (!found) missing.push({ what, packages: { apt, dnf, brew }, required });
  };
  const compilers = process.env.CXX ? [process.env.CXX] : ['c++', 'g++', 'clang++'];
  const compiler = existsSync(compilers[0]) || findProgram(...compilers);
  need(compiler, 'a C++ compiler', 'g++', 'gcc-c++', undefined);
  need(findProgram('cmake'), 'CMake', 'cmake', 'cmake', 'cmake');
  need(findProgram('make', 'ninja'), 'make', 'make', 'make', undefined);
  if (process.platform === 'darwin') {
    const libomp = ['/opt/homebrew/opt/libomp', '/usr/local/opt/libomp'].some(existsSync);
    need(libomp, 'OpenMP', undefined, undefined, 'libomp');
  } else if (!process.env.CMAKE_PREFIX_PATH) {
    const blas = findOpenBlas();
    const what = blas === undefined ? 'OpenBLAS' : "OpenBLAS's OpenMP build";
    need(blas?.openmp, what, 'libopenblas-openmp-dev', 'openblas-devel', undefined, !blas);
  }
  return missing;
}

/** The one command that installs what is missing, or a list where we do not know the command. */
export function installCommand(missing) {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  const list = (manager) => missing.map((tool) => tool.packages[manager]).filter(Boolean);
  if (findProgram('apt-get')) return `${sudo}apt-get install ${list('apt').join(' ')}`;
  if (findProgram('dnf')) return `${sudo}dnf install ${list('dnf').join(' ')}`;
  if (process.platform === 'darwin') {
    const commands = [];
    if (missing.some((tool) => !tool.packages.brew)) commands.push('xcode-select --install');
    if (list('brew').length > 0) commands.push(`brew install ${list('brew').join(' ')}`);
    return commands.join(' && ');
  }
  return `install ${missing.map((tool) => tool.what).join(', ')} with your package manager`;
}
