import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../../dist/bin/migrate.js', import.meta.url));

/** Says on stderr, as the last, what of Node itself was loaded, and whether there is a navigator. */
const TELL = `process.on('exit', () => console.error(JSON.stringify(
  { loaded: process.moduleLoadList.some((name) => name.includes('undici/undici')), navigator: typeof navigator })))`;

/** Nobody listens there. */
const FLEET = `fleet: nowhere
migrations: .
veneers:
  veneer: { url: "postgres://nobody:secret@127.0.0.1:1/nothing" }
shards:
  shard1: { url: "postgres://nobody:secret@127.0.0.1:1/little", tenants: [one] }
`;

test("a command does not load Node's HTTP client, and leaves no global behind", () => {
  const dir = mkdtempSync(join(tmpdir(), 'pg-veneer-test-'));
  try {
    writeFileSync(join(dir, 'shards.yaml'), FLEET);
    const preload = `data:text/javascript,${encodeURIComponent(TELL)}`;
    const { status, stderr } = spawnSync(process.execPath, ['--import', preload, CLI, 'status'], {
      cwd: dir,
      encoding: 'utf8',
    });
    expect(status).toBe(23);
    const last = stderr.trim().split('\n').at(-1) ?? '';
    const [major = ''] = process.versions.node.split('.');
    expect(JSON.parse(last)).toEqual({
      loaded: false,
      navigator: Number(major) >= 21 ? 'object' : 'undefined',
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
