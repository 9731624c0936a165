import { expect, test } from '@jest/globals';
import { exampleFleet } from '../support/example-fleet.js';

test('the story of the bookstore is told with a tenant that somebody has added, too', async () => {
  const fleet = await exampleFleet('bookstore');
  try {
    await fleet.rewrite((yaml) =>
      yaml.replace('[cyberdyne, dunder_mifflin]', '[cyberdyne, dunder_mifflin, acme]'),
    );
    expect(await fleet.tell()).toContain('ALTER TABLE acme.books ADD COLUMN isbn text');
  } finally {
    await fleet.close();
  }
});
