// Runs the demo and pastes what it prints between `<!-- demo -->` and `<!-- /demo -->` of README.md, with what differs
// from run to run made the same. Run after a build: node scripts/paste-demo.js. With --check it changes nothing and exits 1
// where the transcript is stale.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const demo = fileURLToPath(new URL('../dist/sandbox/demo.js', import.meta.url));
const readme = new URL('../README.md', import.meta.url);
const marker = /(<!-- demo -->\n)[^]*?(<!-- \/demo -->)/;

function run() {
  const { FORCE_COLOR: _colour, ...env } = process.env;
  return execFileSync(process.execPath, [demo], { encoding: 'utf8', env: { ...env, NO_COLOR: '1' } });
}

const SHARD_LINE = /^\[(\S+)\] /;

/** Shards report side by side: their lines are put together, each shard's in their own order. */
function inOrder(lines) {
  const ordered = [];
  let block = [];
  for (const line of [...lines, '']) {
    if (SHARD_LINE.test(line)) {
      block.push(line);
      continue;
    }
    const name = (text) => SHARD_LINE.exec(text)?.[1] ?? '';
    ordered.push(...block.toSorted((a, b) => (name(a) < name(b) ? -1 : Number(name(a) > name(b)))), line);
    block = [];
  }
  return ordered.slice(0, -1);
}

/** Ports and durations are the machine's; whether an attempt at a step was tried again is luck. */
function normalised(text) {
  const lines = text.trimEnd().split('\n');
  const same = lines
    .filter((line) => !/^\[\S+\] \d+\/\d+ \S+ retrying\b/.test(line))
    .map((line) =>
      line
        .replaceAll(/\b(localhost|127\.0\.0\.1):\d+/g, '$1:…')
        .replaceAll(/\b\d+ min \d+ s\b|\b\d+(\.\d+)? m?s\b/g, '… ms')
        .replaceAll(/, \d+ attempts\b/g, ''),
    );
  return inOrder(same).join('\n');
}

const text = readFileSync(readme, 'utf8');
if (!marker.test(text)) throw new Error('README.md has no place for the demo');
const wanted = text.replace(
  marker,
  (_all, begin, end) => `${begin}\n\`\`\`console\n${normalised(run())}\n\`\`\`\n\n${end}`,
);
if (wanted !== text) {
  if (process.argv.includes('--check')) {
    process.stderr.write('the transcript in README.md is stale: npm run docs\n');
    process.exitCode = 1;
  } else writeFileSync(readme, wanted);
}
