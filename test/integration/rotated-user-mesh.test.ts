import { expect, test } from '@jest/globals';
import { ident } from '../../src/postgres/identifiers.js';
import { meshFleet, REGIONS } from '../support/mesh-fleet.js';

test('among regions that show each other all grants come before all mappings, and who has none keeps the old user', async () => {
  const fleet = await meshFleet();
  const next = `app_b_${fleet.name}`;
  try {
    await fleet.run.setup();
    await fleet.writeMigration('1_books.sql', 'CREATE TABLE books (id int)');
    expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
    const make = (server: string): Promise<unknown> =>
      fleet.query(server, `CREATE ROLE ${ident(next)} LOGIN PASSWORD 'next-pw'`, 'superuser');
    await make(REGIONS.usa);
    await make(REGIONS.aus);
    const config = await fleet.readConfig();
    await fleet.writeConfig(
      config.replace(/user: bookstore_app\n\s+password: .*/, () => `user: ${next}\n    password: next-pw`),
    );
    expect(await fleet.run.setup()).toMatchObject({ exitCode: 20, problems: [{ where: { member: 'gbr' } }] });
    // The first of them was set up before gbr was found not to know the new user.
    const app = await fleet.connect(REGIONS.usa, 'app');
    for (const region of ['gbr', 'aus']) await app.query(`SELECT FROM ${region}.books`);
    await make(REGIONS.gbr);
    const whole = await fleet.run.setup();
    expect(whole).toMatchObject({ problems: [], exitCode: 0 });
    expect(whole.members.find(({ member }) => member === 'gbr')?.statements.join()).toContain('GRANT');
    for (const region of ['gbr', 'aus']) await app.query(`SELECT FROM ${region}.books`);
    expect(await fleet.run.status()).toMatchObject({ drift: [], exitCode: 0 });
  } finally {
    for (const server of Object.values(REGIONS))
      await fleet.query(server, `DROP OWNED BY ${ident(next)}; DROP ROLE ${ident(next)}`, 'superuser');
    await fleet.close();
  }
});
