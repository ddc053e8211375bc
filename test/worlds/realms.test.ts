import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Project } from './project.js';
import { makeRealms, passed, RUNNERS, runTests } from './realms.js';

// Whole tools run, a second or two each on a quiet machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

describe('tests of users, in realms of their own', () => {
  let project: Project;
  beforeAll(async () => {
    project = await makeRealms();
  });
  afterAll(() => project.remove());

  it.each(RUNNERS)('$name', async (runner) => {
    const said = await runTests(process.execPath, runner, project);
    expect(passed(said), `${said.stdout}\n${said.stderr}`).toBe(runner.tests);
  });
});
