import { expect, test } from '@jest/globals';
import { inCode, read, section, SOURCES, tableRows } from './documents.js';

const CONTRIBUTING = read('CONTRIBUTING.md');

interface Override {
  readonly files: readonly string[];
  readonly rules: Readonly<Record<string, [string, { patterns: { group: string[] }[] }]>>;
}

/** By glob of files: the patterns of imports that the linter refuses there. */
function forbiddenByLinter(): Map<string, string[]> {
  const { overrides } = JSON.parse(read('.oxlintrc.json')) as { overrides: Override[] };
  return new Map(
    overrides.flatMap(({ files, rules }) => {
      const [, options] = rules['eslint/no-restricted-imports'] ?? [];
      const groups = options?.patterns.flatMap(({ group }) => group) ?? [];
      return options === undefined ? [] : files.map((file) => [file, groups] as const);
    }),
  );
}

/** By folder of src: the folders that the linter lets it import; for protocol and commands, any of its own folders. */
function allowedByLinter(folders: readonly string[]): Map<string, string[]> {
  const forbidden = new Map<string, Set<string>>();
  for (const [file, groups] of forbiddenByLinter()) {
    const [, folder = '', inner = ''] = file.split('/');
    const up = inner === '**' ? '../' : '../../';
    const outer = groups.filter((group) => group.startsWith(up)).map((group) => group.slice(up.length));
    forbidden.set(folder, new Set(outer.map((group) => group.split('/')[0]?.replace('.js', '') ?? '')));
  }
  return new Map(
    folders.map((folder) => [
      folder,
      folders.filter((other) => other !== folder && !forbidden.get(folder)?.has(other)),
    ]),
  );
}

test('its table of layers is what the linter allows', () => {
  const rows = tableRows(section(CONTRIBUTING, '## Layers'));
  const folders = rows.map(([folder = '']) => folder.replaceAll('`', ''));
  const written = new Map(rows.map(([, , may = ''], index) => [folders[index] ?? '', may]));
  for (const [folder, allowed] of allowedByLinter(folders)) {
    const may = written.get(folder) ?? '';
    const names = may === 'all' ? folders.filter((other) => other !== folder) : inCode(may);
    expect({ folder, may: names.toSorted() }).toEqual({ folder, may: allowed.toSorted() });
  }
});

test('and has every folder of src', () => {
  const rows = tableRows(section(CONTRIBUTING, '## Layers'));
  const folders = new Set(SOURCES.flatMap((file) => /^src\/([^/]+)\//.exec(file)?.[1] ?? []));
  expect(rows.map(([folder = '']) => folder.replaceAll('`', '')).toSorted()).toEqual([...folders].toSorted());
});

test.each(['protocol', 'commands'])(
  'its table of the folders of %s is in the order that the linter keeps',
  (layer) => {
    const rows = tableRows(section(CONTRIBUTING, `### Inside of \`${layer}\``));
    const folders = rows.map(([folder = '']) => folder.replaceAll('`', ''));
    const present = SOURCES.flatMap((file) => new RegExp(`^src/${layer}/([^/]+)/`).exec(file)?.[1] ?? []);
    expect(folders.toSorted()).toEqual([...new Set(present)].toSorted());
    const forbidden = forbiddenByLinter();
    for (const [index, folder] of folders.entries()) {
      const inner = (forbidden.get(`src/${layer}/${folder}/**`) ?? []).filter(
        (group) => !group.startsWith('../../'),
      );
      expect(inner).toEqual(folders.slice(index + 1).map((other) => `../${other}/**`));
    }
  },
);

test('every npm script that it names exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = [...CONTRIBUTING.matchAll(/\bnpm run ([a-z:]+)/g)].map(([, name = '']) => name);
  expect(named.length).toBeGreaterThan(4);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test('it has ten principles', () => {
  expect(section(CONTRIBUTING, '## Ten principles').match(/^\d+\. \*\*/gm)).toHaveLength(10);
});
