import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { read, ROOT } from './documents.js';

/* What loads the built code by a path in a string, of which neither the compiler nor the linter knows. */

const FILES = ['test', 'scripts', 'bench', 'examples'].flatMap((folder) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[jt]s$/.test(name))
    .map((name) => path.join(folder, name)),
);

/** `dist/cli.js`; what is bundled into `dist/bin` has no source of its own. */
const builtIn = (file: string): string[] =>
  [...read(file).matchAll(/\bdist\/(?!bin\/)([\w/-]+)\.js\b/g)].map(([, name = '']) => name);

test('every built file that tests and scripts load by a path has a source', () => {
  const loaded = FILES.filter((file) => !file.endsWith('built-paths.test.ts')).flatMap((file) =>
    builtIn(file).map((name) => ({ file, source: `src/${name}.ts` })),
  );
  expect(loaded.length).toBeGreaterThan(0);
  expect(loaded.filter(({ source }) => !existsSync(path.join(ROOT, source)))).toEqual([]);
});
