import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readInitScript } from '../../examples/frame/init-script.js';
import { init } from '../../src/commands/init/init.js';
import { withSession } from '../../src/postgres/session.js';
import { withSuperuser } from '../../src/sandbox/databases.js';
import { startEphemeral } from '../../src/sandbox/ephemeral.js';
import type { RunningServer } from '../../src/sandbox/servers.js';
import { Secret } from '../../src/secret.js';
import { commandsOn } from '../support/commands.js';

/* The project of `migrate init`, which the README shows: what it says that a superuser makes is all that setup and up need. */

async function block(marker: string): Promise<string> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const [, text] = new RegExp(`<!-- ${marker} -->\\n\\n\`\`\`\\w+\\n(.*?)\`\`\``, 's').exec(readme) ?? [];
  if (text === undefined) throw new Error(`no block after ${marker}`);
  return text;
}

async function asSuperuser(server: RunningServer, script: string): Promise<void> {
  for (const { database, statements } of readInitScript(script, {}))
    await withSuperuser(server, database, async (session) => {
      for (const statement of statements) await session.run(statement);
    });
}

test('what init makes, prepared by a superuser as the README says, is set up and migrated', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'pg-veneer-project-'));
  const { servers, close } = await startEphemeral(['veneer', 'shard1', 'shard2']);
  try {
    for (const server of servers)
      await asSuperuser(server, await block(server.name === 'veneer' ? 'on the veneer' : 'on each shard'));
    expect(await init({ folder: '.', dryRun: false }, dir)).toMatchObject({ exitCode: 0 });
    const env = servers.reduce(
      (text, { name, port }) => text.replace(`@${name}.internal:5432`, `@127.0.0.1:${port}`),
      await readFile(join(dir, '.env.example'), 'utf8'),
    );
    await writeFile(join(dir, '.env'), env);
    const run = commandsOn({ dir });
    expect(await run.setup()).toMatchObject({ exitCode: 0, problems: [], notices: [] });
    const up = await run.up();
    expect(up).toMatchObject({ exitCode: 0, problems: [] });
    expect(up.shards.flatMap(({ steps }) => steps.map(({ writes }) => writes))).toEqual([[], []]);
    expect(await run.status()).toMatchObject({ exitCode: 0, drift: [], writes: [] });
    const asApp = new URL(/^VENEER_URL=(.*)$/m.exec(env)?.[1] ?? '');
    asApp.username = 'shop_app';
    const insert = `INSERT INTO globex.notes (text) VALUES ('first') RETURNING id, written_at`;
    const [row] = await withSession(
      { member: 'veneer', url: new Secret(asApp.href), applicationName: 'test' },
      (session) => session.query(insert),
    );
    expect(row).toEqual({ id: expect.any(String), written_at: expect.any(Date) });
    expect(await run.down()).toMatchObject({ exitCode: 0, problems: [] });
  } finally {
    await close();
    await rm(dir, { recursive: true });
  }
});
