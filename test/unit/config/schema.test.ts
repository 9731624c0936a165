import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { jsonSchemaText } from '../../../src/config/schema/json-schema.js';
import { loadConfig } from '../../../src/config/load/load-config.js';
import { validate } from '../../../src/config/schema/validate.js';

const FLEETS = [
  'bookstore',
  'database-per-tenant',
  'data-residency',
  'time-partitions',
  'federation',
  'several-veneers',
];
const ROOT = path.resolve(import.meta.dirname, '../../..');

test.each(FLEETS)('the fleet %s fits the schema', (name) => {
  const text = readFileSync(path.join(ROOT, `test/support/fleets/${name}.yaml`), 'utf8');
  expect(validate(parse(text)).findings).toEqual([]);
});

test('the bookstore is built: its own copy and the one of the root load, and are the same', async () => {
  const load = (file: string) => loadConfig({ cwd: ROOT, env: {}, file, envFiles: ['.env.example'] });
  const [root, copy] = [await load('shards.yaml'), await load('test/support/fleets/bookstore.yaml')];
  const { file: _file, migrations: _migrations, ...rest } = root;
  expect(copy).toMatchObject({ ...rest });
});

test('shards.schema.json is what the validator gives (node scripts/schema.js writes it)', () => {
  expect(readFileSync(path.join(ROOT, 'shards.schema.json'), 'utf8')).toBe(jsonSchemaText());
});

/** What an editor has of it: the file that is published, read by another reader of JSON Schema than the one that wrote it. */
const published = z.fromJSONSchema(JSON.parse(readFileSync(path.join(ROOT, 'shards.schema.json'), 'utf8')));

const EXAMPLES = readdirSync(path.join(ROOT, 'examples'))
  .map((name) => `examples/${name}/shards.yaml`)
  .filter((file) => existsSync(path.join(ROOT, file)));

test.each(['shards.yaml', ...EXAMPLES, ...FLEETS.map((name) => `test/support/fleets/${name}.yaml`)])(
  'an editor finds nothing to mark in %s',
  (file) => {
    expect(EXAMPLES.length).toBeGreaterThan(4);
    const read: unknown = parse(readFileSync(path.join(ROOT, file), 'utf8'));
    expect(published.safeParse(read).error?.issues ?? []).toEqual([]);
  },
);

test.each([
  ['fleet: x\nshards: {}\nveneer: {}', 'an unknown key'],
  ['fleet: x\nshards: { s: { url: u, tenants: [1] } }', 'a tenant that is a number'],
  ['fleet: x\nshards: { s: { url: u, server: { port: [1] } } }', 'an option that is a list'],
  ['fleet: x\nshards: {}\nroles: { r: { user: u, grant: [drop] } }', 'a privilege that there is not'],
  ['fleet: x\nshards: {}\nrollout: { concurrency: 0 }', 'a number that is too small'],
  ['fleet: x\nshards: {}\nexpose: []', 'no rule'],
  ['shards: {}', 'a fleet without a name'],
])('an editor marks %j: %s', (text) => {
  expect(published.safeParse(parse(text)).success).toBe(false);
});

/** Where each idea of DESIGN section 7 stands in the schema. */
const IDEAS: readonly string[] = [
  '.veneers.*.url',
  '.shards.*.url',
  '.tenant.database',
  '.tenant.schema',
  '.tenant.role',
  '.shards.*.tenants',
  '.tenants.query',
  '.tenants.url',
  '.server.name',
  '.shards.*.server.host',
  '.veneers.*.servers.*.host',
  '.veneers.*.role',
  '.roles.*.user',
  '.roles.*.password',
  '.roles.*.grant',
  ...['from', 'as', 'except', 'partition_of', 'bounds', 'union'].map((key) => `.expose[].${key}`),
  '.extensions',
  ...[
    'atomic',
    'canary',
    'concurrency',
    'batch',
    'on_error',
    'lock_wait',
    'lock_hold',
    'retries',
    'analyze',
  ].map((key) => `.rollout.${key}`),
  ...['out_of_order', 'writes', 'rewrites'].map((key) => `.policy.${key}`),
  ...['before_step', 'after_step', 'after_run'].map((key) => `.hooks.${key}`),
];

test('every idea of DESIGN section 7 is in it', () => {
  const keys = keysIn(schema, '').map(([key]) => key);
  expect(IDEAS.filter((idea) => !keys.includes(idea))).toEqual([]);
});

interface JsonSchema {
  readonly description?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
}

/** Every key of the schema with its subschema. */
function keysIn(schema: JsonSchema, at: string): (readonly [string, JsonSchema])[] {
  const { properties = {}, additionalProperties: others, items } = schema;
  const below = Object.entries(properties).flatMap(([key, value]) => [
    [`${at}.${key}`, value] as const,
    ...keysIn(value, `${at}.${key}`),
  ]);
  const entries = typeof others === 'object' ? keysIn(others, `${at}.*`) : [];
  return [...below, ...entries, ...(items === undefined ? [] : keysIn(items, `${at}[]`))];
}

const schema = JSON.parse(jsonSchemaText()) as JsonSchema & { title?: string; $schema?: string };

test('an editor shows a title, and help for every key', () => {
  expect(schema).toMatchObject({
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'pg-veneer: shards.yaml',
  });
  const keys = keysIn(schema, '');
  expect(keys.length).toBeGreaterThan(40);
  expect(
    keys
      .filter(([, value]) => !value.description?.endsWith('.') && value.description?.includes(' ') !== true)
      .map(([key]) => key),
  ).toEqual([]);
});

test('an editor refuses unknown keys, and takes any name and any server option', () => {
  expect(schema.additionalProperties).toBe(false);
  expect(schema.properties?.['shards']?.additionalProperties).toMatchObject({
    type: 'object',
    additionalProperties: false,
  });
  expect(schema.properties?.['server']?.additionalProperties).toMatchObject({
    description: 'An option of CREATE SERVER.',
  });
});
