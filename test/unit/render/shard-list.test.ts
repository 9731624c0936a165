import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MODULE = fileURLToPath(new URL('../../../dist/render/progress/open-display.js', import.meta.url));

/** Plays events on the list of shards in a process of its own, as on a terminal; what is on the screen at the end. */
function screenAfter(events: readonly object[]): readonly string[] {
  const script = `
    const { openDisplay } = await import(${JSON.stringify(MODULE)});
    const display = await openDisplay({ kind: 'list', rows: 24, write: (line) => console.log('LINE ' + line) });
    for (const event of ${JSON.stringify(events)}) display.onProgress(event);
    while (!display.say('stopping')) await new Promise(setImmediate);
    await display.end();
    console.log('REPORT');`;
  const env = { ...process.env, LISTR_FORCE_TTY: '1', NO_COLOR: '1' };
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // What was drawn over ends where the cursor was last moved up.
  const end = output.slice(output.lastIndexOf('\u001B[2K'));
  return end
    .replace(/\p{Cc}\[[0-9;?]*[A-Za-z]/gu, '')
    .split('\n')
    .filter((line) => line !== '');
}

const planned = (...shards: readonly string[]) => ({
  type: 'planned',
  shards: shards.map((shard) => ({ shard, steps: 1, tenants: 1 })),
});
const ended = (shard: string, state: string) => ({ type: 'shard ended', shard, state, ms: 5 });
const step = { type: 'step', migration: 'm%s', index: 1, of: 1, phase: 'running', tenants: 1 };

test('each shard has its own mark: a failed one shows ✖, whatever the others do; lines and report come below', () => {
  expect(
    screenAfter([
      planned('s1', 's2', 's3', 's4'),
      { ...step, shard: 's2' },
      ended('s2', 'failed'),
      { type: 'notice', text: 'hello' },
      ended('s1', 'done'),
      ended('s3', 'interrupted'),
      ended('s9', 'done'),
    ]),
  ).toEqual([
    '✔ s1  done in 5 ms',
    '✖ s2  1/1 m%s  failed after 5 ms',
    '↓ s3  interrupted after 5 ms',
    '↓ s4  1 step to do',
    'LINE notice: hello',
    'LINE [s9] done in 5 ms',
    'REPORT',
  ]);
});
