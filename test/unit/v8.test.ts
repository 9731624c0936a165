import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MODULE = fileURLToPath(new URL('../../dist/v8.js', import.meta.url));

/** Does V8 optimise a function that is called some hundred times, as most of a run's are? */
function isOptimised(before: string): boolean {
  const script = `
    const { optimiseLate } = await import(${JSON.stringify(MODULE)});
    ${before}
    function warm(i) { let sum = 0; for (let j = 0; j < 10; j++) sum += i ^ j; return sum; }
    for (let round = 0; round < 100; round++) {
      for (let i = 0; i < 5; i++) warm(i);
      await new Promise((resolve) => setImmediate(resolve));
    }`;
  const output = execFileSync(process.execPath, ['--trace-opt', '--input-type=module', '-e', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return /completed (?:optimizing|compiling).*<JSFunction warm\b.*TURBOFAN/.test(output);
}

test('what is called some hundred times is not optimised: a run would spend a third of its CPU on that', () => {
  expect(isOptimised('optimiseLate();')).toBe(false);
});

test('where V8 would not do it by itself nothing is set', () => {
  const [major] = process.versions.node.split('.');
  expect(isOptimised('')).toBe(['20', '22'].includes(major ?? ''));
});
