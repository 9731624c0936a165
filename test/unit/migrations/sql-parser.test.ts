import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MODULE = fileURLToPath(new URL('../../../dist/migrations/sql-parser.js', import.meta.url));

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
