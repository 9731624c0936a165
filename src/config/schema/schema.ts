import * as z from 'zod';
import { hooks } from './schema-hooks.js';
import { grant, name, optionValue, route, serverName, text } from './schema-parts.js';
import { policy, rollout } from './schema-rollout.js';

/*
 * The shape of shards.yaml: DESIGN section 7 in full. There are
 * no defaults and no transforms: the value that was checked is the value that was written. `error` is what a
 * problem says was expected; `describe` is what an editor shows.
 */

const veneer = z
  .strictObject(
    {
      url: text('a url')
        .describe(
          'How the runner reaches the veneer, as the role that owns the foreign tables: postgres://user:password@host:5432/database',
        )
        .optional(),
      role: name('the name of a role')
        .describe(
          'SET ROLE after connecting: it owns the foreign tables, where that is not the user of the url.',
        )
        .optional(),
      servers: z
        .record(z.string(), route, { error: 'a map from shards to server options' })
        .describe('Server options by shard, only where the route of this veneer differs.')
        .optional(),
    },
    { error: 'a map with url' },
  )
  .describe('A database that shows the tables of all tenants as foreign tables.');

const shard = z
  .strictObject(
    {
      url: text('a url').describe(
        'How the runner reaches the shard: postgres://user:password@host:5432/database. {shard} is filled in. With tenant.database, each tenant has its own database instead of that one.',
      ),
      server: route
        .describe('Options of the postgres_fdw server for this shard, key by key over the top-level server.')
        .optional(),
      tenants: z
        .array(name('the name of a tenant (numbers and true, false, null in quotes)'), {
          error: 'a list of tenants',
        })
        .describe('The tenants that live on this shard, each on exactly one.')
        .optional(),
    },
    { error: 'a map with url, server and tenants' },
  )
  .describe('A server that owns the tables of tenants.');

const role = z
  .strictObject(
    {
      user: text('the name of a user on the shard').describe(
        'The user on the shard. {shard} is filled in; with tenant.database {tenant}, too.',
      ),
      password: text('a password as text, best from a variable')
        .describe(
          'Its password there, best from a variable: ${APP_PASSWORD_{shard}}. {shard} is filled in; with tenant.database {tenant}, too.',
        )
        .optional(),
      grant: z
        .array(grant, { error: 'a list of privileges' })
        .describe('What the role may do with tables, on the veneer and on the shards; left out for an owner.')
        .optional(),
    },
    { error: 'a map with user, password and grant' },
  )
  .describe('A role on the veneer, and who it is on the shards.');

const tenant = z
  .strictObject(
    {
      database: text('a pattern with {tenant}')
        .describe(
          'A database of its own for each tenant, on the server of its shard: {tenant}. Left out, the tenants of a shard share the database of its url.',
        )
        .optional(),
      schema: text('a pattern with {tenant}')
        .describe('The schema of a tenant, in its database. Default: {tenant}.')
        .optional(),
      role: text('the name of a role')
        .describe(
          'SET ROLE after connecting to a shard: who owns what a migration makes. {shard} is filled in; with tenant.database {tenant}, too.',
        )
        .optional(),
    },
    { error: 'a map with database, schema and role' },
  )
  .describe('What a tenant is in this fleet. Default: { schema: "{tenant}" }.');

const tenants = z
  .strictObject(
    {
      query: text('an SQL query').describe(
        'SQL that gives rows of (tenant, shard); it runs in a transaction that may only read.',
      ),
      url: text('a url').describe('Where the query runs. Default: the first veneer.').optional(),
    },
    { error: 'a map with query and url (a list of tenants stands under its shard)' },
  )
  .describe(
    'Which tenants there are, asked of a database whenever a command begins; then no shard lists any.',
  );

const expose = z
  .strictObject(
    {
      from: text('schema.relation').describe(
        'The relation on the shard, schema.relation, with {tenant} {shard} {schema} {table}; a {word} of your own matches any text, and may be used below. Variables are filled in once for all shards.',
      ),
      as: text('schema.relation')
        .describe('The relation on the veneer, schema.relation. Default: the same as from.')
        .optional(),
      except: z
        .array(name('the name of a relation, * stands for any text'), { error: 'a list of names' })
        .describe(
          'Relations that are not exposed: * stands for any text; the words of from and variables are filled in.',
        )
        .optional(),
      partition_of: text('schema.relation')
        .describe('The partitioned table on the veneer to which the foreign table is attached.')
        .optional(),
      bounds: text('SQL such as IN (...)')
        .describe(
          'The bounds of the partition, in SQL, as behind FOR VALUES, or DEFAULT; a {name} becomes a quoted literal, and no variable is filled in.',
        )
        .optional(),
      union: text('schema.relation')
        .describe(
          'A view on the veneer over what the rule shows of all tenants; its first column, tenant, says whose a row is. {shard} {table} may stand in it.',
        )
        .optional(),
    },
    { error: 'a map with from, as and except' },
  )
  .describe('A rule by which relations of the shards appear in the veneer; the first that matches wins.');

/** The validator of shards.yaml, and the source of shards.schema.json. */
export const fleetSchema = z
  .strictObject(
    {
      fleet: text('the name of the fleet').describe(
        'The name of the fleet: letters, digits, _ - and . It is part of lock keys and of prepared transactions; keep it.',
      ),
      migrations: text('the path of a folder')
        .describe('The folder of migrations, relative to this file. Default: ./migrations.')
        .optional(),
      veneers: z
        .record(z.string(), veneer, { error: 'a map from names to veneers' })
        .describe(
          'The veneers by name; left out, the shards are migrated alone. A name that stands under shards too is one database in both roles.',
        )
        .optional(),
      shards: z
        .record(z.string(), shard, { error: 'a map from names to shards' })
        .describe('The shards by name.'),
      tenant: tenant.optional(),
      tenants: tenants.optional(),
      server: z
        .object({ name: serverName.optional() }, { error: 'a map of server options' })
        .catchall(optionValue)
        .describe('postgres_fdw server options for every shard; those of a shard win key by key.')
        .optional(),
      roles: z
        .record(z.string(), role, { error: 'a map from role names to roles' })
        .describe('Roles on the veneer, by name.')
        .optional(),
      expose: z
        .array(expose, { error: 'a list of rules' })
        .min(1, {
          error: 'at least one rule (left out: every relation, {schema}.{table} as {tenant}.{table})',
        })
        .describe(
          'What appears in the veneer. Default: every relation of a tenant, in the schema named after the tenant.',
        )
        .optional(),
      extensions: z
        .array(name('the name of an extension'), { error: 'a list of extensions' })
        .describe(
          'Extensions that may be created on a veneer, when the first column of one of their types is shown there.',
        )
        .optional(),
      rollout: rollout.optional(),
      policy: policy.optional(),
      hooks: hooks.optional(),
    },
    { error: 'a map with fleet, veneers, shards and roles' },
  )
  .meta({
    title: 'pg-veneer: shards.yaml',
    description: 'A fleet of PostgreSQL shards behind a postgres_fdw veneer.',
  });

/** shards.yaml as it is written. */
export type FleetFile = z.infer<typeof fleetSchema>;
