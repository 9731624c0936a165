import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { loadConfig } from '../../../src/config/load/load-config.js';
import { codeBlocks, read, ROOT } from './documents.js';

const README = read('README.md');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

test('its first two blocks are the two commands, each by itself', () => {
  const [demo, tests] = codeBlocks(README);
  expect(demo?.text).toMatch(/^npm ci && npm run demo\b/);
  expect(tests?.text).toBe('npm ci && npm test\n');
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['demo', 'test']));
});

test('it has the command for docker-compose', () => {
  expect(README).toContain(
    'docker compose up -d --wait && npx migrate --env-file .env.compose setup && npx migrate --env-file .env.compose up',
  );
});

const blockAfter = (marker: string): string => {
  const [, text] = new RegExp(`<!-- ${marker} -->\\n\\n\`\`\`\\w+\\n(.*?)\`\`\``, 's').exec(README) ?? [];
  if (text === undefined) throw new Error(`no block after ${marker}`);
  return text;
};

test('the shards.yaml that it shows loads with the .env that it shows', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'pg-veneer-readme-'));
  try {
    await writeFile(path.join(folder, 'shards.yaml'), blockAfter('shards.yaml'));
    await writeFile(path.join(folder, '.env'), blockAfter('.env'));
    const config = await loadConfig({ cwd: folder, env: {} });
    expect(config.shards.map((shard) => [shard.name, shard.server.options['host']])).toEqual([
      ['shard1', 'shard1.internal'],
      ['shard2', 'shard2.internal'],
    ]);
    expect(config.roles.map((role) => role.name)).toEqual(['shop_admin', 'shop_app']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('its transcript shows the whole story', () => {
  const [, story = ''] = /<!-- demo -->\n(.*?)<!-- \/demo -->/s.exec(README) ?? [];
  const commands = [...story.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command);
  expect(commands).toEqual([
    'migrate setup',
    'migrate up',
    'migrate up',
    'migrate status',
    'migrate sync',
    'migrate status',
  ]);
  expect(story).not.toMatch(/localhost:\d|\d m?s\b/);
});

test('files that documents name exist', () => {
  for (const name of [
    'LICENSE',
    'CHANGELOG.md',
    'FORMATS.md',
    '.env.example',
    '.ci/run',
    'shards.schema.json',
  ])
    expect(existsSync(path.join(ROOT, name))).toBe(true);
  expect(read('LICENSE')).toMatch(/^MIT License\n\nCopyright \(c\) \d{4} pg-veneer contributors\n/);
});
