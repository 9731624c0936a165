import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';

const s = scenario();

const HAD = `
  SELECT t.typname, pg_get_userbyid(t.typowner) AS owner, coalesce(t.typacl, acldefault('T', t.typowner))::text AS grants, obj_description(t.oid, 'pg_type') AS comment,
         (SELECT json_agg(json_build_array(conname, obj_description(k.oid, 'pg_constraint')))
            FROM pg_constraint k WHERE contypid = t.oid) AS checks
    FROM pg_type t WHERE t.typnamespace = 'cyberdyne'::regnamespace AND t.typname IN ('mood', 'code', 'plain') ORDER BY 1`;

test('a type that is made anew keeps owner, grants and comments that it had on the veneer', async () => {
  await s.start(`CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN code AS int CONSTRAINT low CHECK (VALUE > 0);
                 CREATE TYPE plain AS ENUM ('a', 'b'); CREATE TABLE books (m mood, c code, p plain)`);
  await s.fleet.query(
    'veneer',
    `DROP ROLE IF EXISTS types_owner; CREATE ROLE types_owner; GRANT types_owner TO veneer_admin;
     GRANT ALL ON SCHEMA cyberdyne TO types_owner`,
    'superuser',
  );
  await s.fleet.query(
    'veneer',
    `SET search_path TO cyberdyne; ALTER TYPE mood OWNER TO types_owner; ALTER DEFAULT PRIVILEGES GRANT USAGE ON TYPES TO veneer_app;
     REVOKE USAGE ON TYPE mood FROM PUBLIC; GRANT USAGE ON TYPE mood TO veneer_app WITH GRANT OPTION;
     COMMENT ON TYPE mood IS E'O''Brien\\s'; COMMENT ON DOMAIN code IS 'four digits'; COMMENT ON CONSTRAINT low ON DOMAIN code IS 'none below'`,
  );
  const before = await s.fleet.query('veneer', HAD);
  expect(before).toMatchObject([{ comment: 'four digits' }, { owner: 'types_owner' }, { comment: null }]);
  await s.migrate(`
    ALTER TABLE books ALTER m TYPE text, ALTER c TYPE int, ALTER p TYPE text; DROP TYPE mood; DROP DOMAIN code; DROP TYPE plain;
    CREATE TYPE mood AS ENUM ('ok', 'sad'); CREATE DOMAIN code AS bigint CONSTRAINT low CHECK (VALUE > 0); CREATE TYPE plain AS ENUM ('b');
    ALTER TABLE books ALTER m TYPE mood USING NULL, ALTER c TYPE code, ALTER p TYPE plain USING NULL`);
  // What ALTER DEFAULT PRIVILEGES gives to a type that is new is not what `plain` had.
  expect(await s.fleet.query('veneer', HAD)).toEqual(before);
});
