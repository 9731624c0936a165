import { expect, test } from '@jest/globals';
import type { Config } from '../../../src/config/config.js';
import { unknownName } from '../../../src/report/why/why-meant.js';

test('the hint lists tenants, where there are any', () => {
  const config = (...tenants: readonly string[]): Config =>
    ({
      expose: [],
      veneers: [],
      shards: [
        {
          name: 's',
          key: 's',
          server: { name: 's_server' },
          tenants: tenants.map((name) => ({ name, schema: name })),
        },
      ],
    }) as unknown as Config;
  const hint = (...tenants: readonly string[]): string | undefined =>
    unknownName(config(...tenants), { shards: new Map(), veneers: new Map() }, 'x.y').facts.hint;
  expect(hint()).toMatch(/where it has capitals$/);
  expect(hint('acme', 'globex')).toMatch(/where it has capitals; tenants: acme, globex$/);
});
