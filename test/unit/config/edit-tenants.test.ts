import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { listTenants, unlistTenants } from '../../../src/config/text/edit-tenants.js';

const around = (list: string): string => `# a fleet
shards:
  s1:   { url: "x",   tenants: [one] }   # stays
  s2:
    url: \${S2_URL}   # its address
${list}
roles: {}   # the end
`;

/** [how the list of s2 is written, and with hooli and acme, and then without the first that was there] */
const LISTS: readonly (readonly [string, string, string])[] = [
  [
    '    tenants: [ada,   bob]  # two',
    '    tenants: [ada,   bob, hooli, "a-b"]  # two',
    '    tenants: [bob, hooli, "a-b"]  # two',
  ],
  [
    '    tenants:\n      - ada   # first\n      - bob # last',
    '    tenants:\n      - ada   # first\n      - bob # last\n      - hooli\n      - "a-b"',
    '    tenants:\n      - bob # last\n      - hooli\n      - "a-b"',
  ],
  ['    tenants: [ada]', '    tenants: [ada, hooli, "a-b"]', '    tenants: [hooli, "a-b"]'],
];

test.each(LISTS)('%j: names come and go, and all else stays as it is', (before, added, removed) => {
  const whole = listTenants(around(before), 's2', ['hooli', 'a-b']);
  expect(whole).toBe(around(added));
  expect(unlistTenants(whole, 's2', [0])).toBe(around(removed));
});

test.each(['    tenants: []', '    server: { name: x }', '    server:\n      name: x # deep'])(
  '%j: a list begins, and ends empty',
  (before) => {
    const whole = listTenants(around(before), 's2', ['hooli']);
    expect(parse(whole)).toEqual({
      ...(parse(around(before)) as object),
      shards: { ...shardsOf(before), s2: { ...shardsOf(before).s2, tenants: ['hooli'] } },
    });
    expect(whole).toContain('# its address');
    expect(parse(unlistTenants(whole, 's2', [0]))).toMatchObject({ shards: { s2: { tenants: [] } } });
  },
);

const shardsOf = (list: string): { s2: object } => (parse(around(list)) as { shards: { s2: object } }).shards;

test('a shard on one line gets its list there', () => {
  const text = 'shards: { s1: { url: x }, s2: { url: y } }\n';
  expect(listTenants(text, 's2', ['ada'])).toBe(
    'shards: { s1: { url: x }, s2: { url: y, tenants: [ada] } }\n',
  );
});

test.each(['true', 'No', '12', "O'Brien", 'a, b', '${HOME}', 'x: y', '- z', 'tab\tend', 'ünïcode'])(
  '%j is read back as the name that it is',
  (name) => {
    const text = listTenants(around('    tenants: [ada]'), 's2', [name]);
    expect((parse(text) as { shards: { s2: { tenants: unknown } } }).shards.s2.tenants).toEqual([
      'ada',
      name.replace('${', '$${'),
    ]);
  },
);
