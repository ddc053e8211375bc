import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { VERSION } from '../../src/version.js';
import { ALL_WELL, PROGRAMS } from './programs.js';
import { Project, run } from './project.js';

const ROUTE = PROGRAMS['main.mjs']
  .replace('\nmain();\n', '')
  .replace(
    /console\.log\(JSON\.stringify\((\{.*\})\)\)/,
    (_, object) => `return Response.json(${object})`,
  )
  .concat(`\nexport const dynamic = 'force-dynamic';\nexport const GET = () => main();\n`);

const FILES = {
  'app/layout.js':
    'export default ({ children }) => <html lang="en"><body>{children}</body></html>;\n',
  'app/page.js': 'export default () => <p>here</p>;\n',
  'app/train/route.js': ROUTE,
  'trial.mjs': PROGRAMS['trial.mjs'],
};

const PORT = 39_517;

/** Starts the server that was built, and asks it to train. */
async function answer(node: string, project: Project): Promise<{ text: string; stderr: string }> {
  const next = project.path('node_modules/next/dist/bin/next');
  const server = spawn(node, [next, 'start', '-p', String(PORT)], {
    cwd: project.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  try {
    for await (const text of server.stdout.setEncoding('utf8')) if (text.includes('Ready')) break;
    const response = await fetch(`http://localhost:${PORT}/train`);
    return { text: await response.text(), stderr };
  } finally {
    server.kill();
    await once(server, 'exit');
  }
}

type Check = (node: string) => Promise<string | null>;

/** Next.js with both of its bundlers, with the package left outside of the server's bundle, and inside of it. */
export async function nextWorlds(): Promise<{
  readonly worlds: readonly (readonly [string, Check])[];
  remove(): Promise<void>;
}> {
  const project = await Project.make({ ...PROGRAMS, ...FILES });
  const packages = ['next@16', 'react@19', 'react-dom@19'];
  // Without --no-save, npm would take away what it did not install.
  await project.write({ 'tools/package.json': '{ "private": true }' });
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages];
  execFileSync('npm', args, { cwd: project.path('tools'), stdio: ['ignore', 'ignore', 'inherit'] });
  execFileSync(
    'sh',
    ['-c', 'rm node_modules/sharp && cp -r tools/node_modules/. node_modules && rm -r tools'],
    {
      cwd: project.folder,
    },
  );
  const world = (bundler: string, isExternal: boolean): readonly [string, Check] => [
    `Next.js, ${bundler}, ${isExternal ? 'external' : 'all in one'}`,
    async (node) => {
      const config = isExternal ? "{ serverExternalPackages: ['axonode'] }" : '{}';
      await project.write({ 'next.config.mjs': `export default ${config};\n` });
      const next = project.path('node_modules/next/dist/bin/next');
      const built = await run(node, [next, 'build', `--${bundler}`], project.folder, {}, 1_800_000);
      if (built.code !== 0) return built.stdout + built.stderr;
      const { text, stderr } = await answer(node, project);
      try {
        if (isDeepStrictEqual(JSON.parse(text), { ...ALL_WELL, version: VERSION })) return null;
      } catch {
        // Said below.
      }
      return `${built.stdout}${built.stderr}${text.slice(0, 2000)}\n${stderr}`;
    },
  ];
  return {
    worlds: [
      world('turbopack', true),
      world('webpack', true),
      world('turbopack', false),
      world('webpack', false),
    ],
    remove: () => project.remove(),
  };
}
