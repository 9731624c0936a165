import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { readInitScript } from '../../examples/frame/init-script.js';
import { withSuperuser } from '../../src/sandbox/databases.js';
import { startEphemeral } from '../../src/sandbox/ephemeral.js';
import type { RunningServer } from '../../src/sandbox/servers.js';
import { commandsOn } from '../support/commands.js';
import { makeProject } from '../support/test-project.js';

/* The README's own fleet: what it says that a superuser makes is all that setup and up need. */

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

test('a fleet that a superuser has prepared as the README says is set up and migrated', async () => {
  const { servers, close } = await startEphemeral(['veneer', 'shard1', 'shard2']);
  try {
    for (const server of servers)
      await asSuperuser(server, await block(server.name === 'veneer' ? 'on the veneer' : 'on each shard'));
    const here = (text: string): string =>
      servers.reduce(
        (done, { name, port }) =>
          done
            .replaceAll(`@${name}.internal:5432`, `@127.0.0.1:${port}`)
            .replaceAll(`host: ${name}.internal, port: 5432`, `host: 127.0.0.1, port: ${port}`),
        text,
      );
    const lines = here(await block('.env'))
      .trim()
      .split('\n');
    const env = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])); // prettier-ignore
    const project = await makeProject(here(await block('shards.yaml')), env);
    const run = commandsOn(project);
    expect(await run.setup()).toMatchObject({ exitCode: 0, problems: [], notices: [] });
    await project.writeMigration('1_orders.sql', 'CREATE TABLE orders (id int)');
    expect(await run.up()).toMatchObject({ exitCode: 0, problems: [] });
    expect(await run.status()).toMatchObject({ exitCode: 0, drift: [] });
    await project.remove();
  } finally {
    await close();
  }
});
