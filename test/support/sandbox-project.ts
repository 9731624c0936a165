import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bookstoreEnv } from '../../src/sandbox/bookstore-env.js';
import { SERVERS } from '../../src/sandbox/bookstore-fleet.js';
import { guard } from '../../src/sandbox/guard.js';
import { freePorts } from '../../src/sandbox/ports.js';
import { sandboxStop } from '../../src/sandbox/sandbox.js';

/** A project folder for a sandbox that is not started yet, and the variables of its servers on free ports. */
export interface SandboxProject {
  readonly project: string;
  readonly env: Record<string, string>;
  /** Stops the sandbox and removes the folder. */
  readonly remove: () => Promise<void>;
}

export async function sandboxProject(): Promise<SandboxProject> {
  const project = await mkdtemp(join(tmpdir(), 'pg-veneer-sandbox-test-'));
  await chmod(project, 0o755);
  // A killed run must not leave a sandbox, which outlives its starter by design.
  const watch = guard(join(project, '.pg-veneer/sandbox'));
  const ports = await freePorts(SERVERS.length);
  const env = bookstoreEnv(Object.fromEntries(SERVERS.map((name, index) => [name, ports[index]!])));
  return {
    project,
    env,
    async remove() {
      await sandboxStop(project);
      await rm(project, { recursive: true });
      watch.release();
    },
  };
}
