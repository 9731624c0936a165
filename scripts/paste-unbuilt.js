// Pastes the keys of shards.yaml that are known and refused between `<!-- unbuilt -->` and `<!-- /unbuilt -->` of README.md.
// Run after a build: node scripts/paste-unbuilt.js; a test keeps the list up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { UNBUILT } from '../dist/config/unbuilt.js';

const readme = new URL('../README.md', import.meta.url);
const marker = /(<!-- unbuilt -->\n)[^]*?(<!-- \/unbuilt -->)/;
const lines = UNBUILT.map(({ at, says }) => `${at.join('.')}: ${says}`);
const text = readFileSync(readme, 'utf8');
writeFileSync(
  readme,
  text.replace(marker, (_all, begin, end) => `${begin}\n\`\`\`text\n${lines.join('\n')}\n\`\`\`\n\n${end}`),
);
