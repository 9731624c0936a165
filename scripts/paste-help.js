// Pastes the help of every command between the markers `<!-- help:up -->` and `<!-- /help -->` of the documentation.
// Run after a build: node scripts/paste-help.js. With --check it changes nothing and exits 1 where a text is stale.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../dist/bin/migrate.js', import.meta.url));
const files = ['README.md', 'docs/commands.md'].map((name) => new URL(`../${name}`, import.meta.url));
const marker = /(<!-- help:([a-z ]+) -->\n)[^]*?(<!-- \/help -->)/g;

function helpOf(name) {
  const words = name === 'migrate' ? [] : name.split(' ');
  return execFileSync(process.execPath, [cli, ...words, '--help'], { encoding: 'utf8' });
}

const pasted = (text) =>
  text.replaceAll(
    marker,
    (_all, begin, name, end) => `${begin}\n\`\`\`text\n${helpOf(name)}\`\`\`\n\n${end}`,
  );

for (const file of files.filter((url) => existsSync(url))) {
  const text = readFileSync(file, 'utf8');
  const wanted = pasted(text);
  if (wanted === text) continue;
  if (process.argv.includes('--check')) {
    process.stderr.write(`${fileURLToPath(file)} is stale: node scripts/paste-help.js\n`);
    process.exitCode = 1;
  } else writeFileSync(file, wanted);
}
