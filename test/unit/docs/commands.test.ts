import { expect, test } from '@jest/globals';
import { readInvocation } from '../../../src/cli/words/invocation.js';
import { readVerb } from '../../../src/cli/verbs/verb.js';
import { codeBlocks, DOCUMENTS, inCode, read } from './documents.js';

/** A document may speak of a command that is not built, where the sentence says so. */
const NOT_YET = /--(verify|without)\b/;

/** The commands in a text: what stands behind `migrate`, up to the end of the command. */
function commandsIn(text: string): string[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('# '));
  return lines
    .flatMap((line) => [...line.matchAll(/(?:^|[\s(])migrate ([^&#)|;>]+)/g)])
    .map(([, words = '']) => words.trim())
    .filter((words) => !/[…[]|^COMMAND/.test(words) && !NOT_YET.test(words));
}

const argvOf = (words: string): string[] =>
  [...words.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');

const shownIn = (document: string): string[] => {
  const text = read(document);
  const shell = codeBlocks(text).filter(({ language }) => ['sh', 'console'].includes(language));
  const prose = inCode(text.replaceAll(/^```.*?^```$/gms, '')).filter((code) =>
    /^(npx )?migrate /.test(code),
  );
  return [...new Set([...shell.map((block) => block.text), ...prose].flatMap(commandsIn))];
};

const understood = async (words: string): Promise<string | null> => {
  const argv = argvOf(words);
  if (argv.includes('--help')) return null;
  try {
    readVerb(await readInvocation(argv));
    return null;
  } catch (error) {
    return `${words}: ${(error as Error).message}`;
  }
};

test.each(DOCUMENTS.filter((name) => shownIn(name).length > 0))(
  'every command that %s shows exists, with its flags',
  async (document) => {
    const wrong = await Promise.all(shownIn(document).map(understood));
    expect(wrong.filter((text) => text !== null)).toEqual([]);
  },
);

test('the README shows every command', () => {
  const shown = shownIn('README.md').join('\n');
  for (const name of [
    'setup',
    'up',
    'status',
    'sync',
    'recover',
    'sandbox start',
    'sandbox stop',
    'sandbox logs',
  ])
    expect(shown).toMatch(new RegExp(`(^|\\s)${name}\\b`, 'm'));
});

test('a wrong command or flag would be found', async () => {
  expect(commandsIn('npx migrate up --dry && npx migrate sandbox begin')).toEqual([
    'up --dry',
    'sandbox begin',
  ]);
  expect(await understood('up --dry')).toContain('--dry');
  expect(await understood('sandbox begin')).not.toBeNull();
  expect(await understood("up --shard 'eu*' --dry-run")).toBeNull();
});
