import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULE = fileURLToPath(new URL('../../dist/sql-parser.js', import.meta.url));

/** V8 writes a line for each function of WebAssembly that it compiles. */
function compilers(statements: number): readonly string[] {
  const script = `
    const { sqlParser } = await import(${JSON.stringify(MODULE)});
    const parse = await sqlParser();
    for (let i = 0; i < ${statements}; i++) await parse('CREATE TABLE t' + i + ' (id bigint PRIMARY KEY)');`;
  const output = execFileSync(
    process.execPath,
    ['--trace-wasm-compilation-times', '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  );
  return [...new Set([...output.matchAll(/using (Liftoff|TurboFan)/g)].map(([, name]) => name ?? ''))];
}

test('the parser is not optimised, however much it parses: that takes longer than it saves', () => {
  expect(compilers(100)).toEqual(['Liftoff']);
});

test('nobody else loads it', async () => {
  const folder = fileURLToPath(new URL('../../src', import.meta.url));
  const names = await readdir(folder, { recursive: true });
  const loading = names.filter(
    (name) =>
      name.endsWith('.ts') && /import\('libpg-query'\)/.test(readFileSync(join(folder, name), 'utf8')),
  );
  expect(loading).toEqual(['sql-parser.ts']);
});
