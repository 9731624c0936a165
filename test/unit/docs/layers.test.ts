import path from 'node:path';
import { expect, test } from '@jest/globals';
import { inCode, read, section, SOURCES, tableRows } from './documents.js';

const CONTRIBUTING = read('CONTRIBUTING.md');

/** One file of src that imports another of another folder; both without `src/`. */
interface Import {
  readonly from: string;
  readonly to: string;
}

const IMPORTS: readonly Import[] = SOURCES.flatMap((file) =>
  [...read(file).matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)]
    .map(([, specifier = '']) => ({
      from: file.slice('src/'.length),
      to: path.posix.join(path.posix.dirname(file), specifier).slice('src/'.length),
    }))
    .filter(({ from, to }) => path.posix.dirname(from) !== path.posix.dirname(to)),
);

/** The folders that a table names, in its order, each with what its last cell says. */
const folders = (heading: string): Map<string, string> =>
  new Map(
    tableRows(section(CONTRIBUTING, heading)).map((cells) => [
      inCode(cells[0] ?? '')[0] ?? '',
      cells.at(-1) ?? '',
    ]),
  );

/** The folder of a file below a place such as `protocol/`; undefined for a file directly there, or elsewhere. */
const folderBelow = (place: string, file: string): string | undefined =>
  file.startsWith(place) && file.slice(place.length).includes('/')
    ? file.slice(place.length).split('/')[0]
    : undefined;

const foldersBelow = (place: string): string[] =>
  [...new Set(SOURCES.map((file) => folderBelow(`src/${place}`, file)))].filter(
    (folder) => folder !== undefined,
  );

const LAYERS = folders('## Layers');

const mayImport = (layer: string): readonly string[] => {
  const may = LAYERS.get(layer) ?? '';
  return may === 'all' ? [...LAYERS.keys()] : [layer, ...inCode(may)];
};

test('the table of layers has every folder of src', () => {
  expect([...LAYERS.keys()].toSorted()).toEqual(foldersBelow('').toSorted());
});

test('a layer imports what the table allows, and never a file above all layers', () => {
  const wrong = IMPORTS.filter(({ from, to }) => {
    const layer = folderBelow('', from);
    if (layer === undefined) return false;
    const other = folderBelow('', to);
    return other === undefined ? to === 'cli.js' : !mayImport(layer).includes(other);
  });
  expect(wrong).toEqual([]);
});

const LAYERS_WITH_FOLDERS = [...CONTRIBUTING.matchAll(/^### Inside of `(\w+)`$/gm)].map(
  ([, layer = '']) => layer,
);

test('every layer that has folders has a table of them', () => {
  const layered = [...LAYERS.keys()].filter((layer) => foldersBelow(`${layer}/`).length > 0);
  expect(LAYERS_WITH_FOLDERS.toSorted()).toEqual(layered.toSorted());
});

test.each(LAYERS_WITH_FOLDERS)('folders of %s import those above them in the table', (layer) => {
  const place = `${layer}/`;
  const order = [...folders(`### Inside of \`${layer}\``).keys()];
  expect(order.toSorted()).toEqual(foldersBelow(place).toSorted());
  const wrong = IMPORTS.filter(({ from, to }) => {
    const [user, used] = [folderBelow(place, from), folderBelow(place, to)];
    return user !== undefined && used !== undefined && order.indexOf(used) > order.indexOf(user);
  });
  expect(wrong).toEqual([]);
});

test('no folder is imported by what it imports, in however many steps', () => {
  const used = new Map<string, Set<string>>();
  for (const { from, to } of IMPORTS) {
    // What lies directly in src is both: the entry above all layers, and what every layer may use.
    const [user, other] = [path.posix.dirname(from), path.posix.dirname(to)];
    if (user !== '.' && other !== '.') used.set(user, (used.get(user) ?? new Set()).add(other));
  }
  for (let left = used.size + 1; used.size < left;) {
    left = used.size;
    for (const [folder, others] of used)
      if ([...others].every((other) => !used.has(other))) used.delete(folder);
  }
  expect([...used.keys()]).toEqual([]);
});
