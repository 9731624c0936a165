import { readFile, rm, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { EXIT, textOf, VeneerError } from '../../errors.js';
import { fieldOf } from '../../postgres/sqlstate.js';
import { PIN_FORMAT, type Pin } from './pin.js';

const text = z.string();
const texts = z.array(text);
const scope = z.enum(['tenant', 'shard', 'veneer']);

const PIN: z.ZodType<Pin> = z.object({
  format: z.literal(PIN_FORMAT),
  version: text,
  fleet: text,
  made: text,
  selection: z.object({
    shards: texts,
    tenants: texts,
    exceptTenants: texts,
    limit: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('all') }),
      z.object({ kind: z.literal('count'), count: z.number() }),
      z.object({ kind: z.literal('to'), name: text }),
    ]),
  }),
  members: z.array(z.object({ member: text, role: text, systemIdentifier: text, databaseOid: text })),
  migrations: z.array(z.object({ migration: text, file: text, checksum: text, statements: text.nullable() })),
  subjects: z.array(z.object({ scope, name: text, member: text, ledger: text, shape: text.nullable() })),
  shown: z.array(z.object({ veneer: text, shard: text, definitions: text })),
  tenants: z.array(z.object({ shard: text, tenant: text, schema: text, rehearsedAs: text })),
  veneers: z.array(
    z.object({
      migration: text,
      veneer: text,
      tables: z.array(z.object({ of: text, statements: texts })),
      others: texts,
    }),
  ),
});

/** Reads the file of `rehearse --out`. Throws (exit 20) where it cannot be read, or is none. */
export async function readPin(file: string): Promise<Pin> {
  const content = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new VeneerError(`the plan cannot be read: ${textOf(error)}`, {
      exitCode: EXIT.failed,
      where: { file },
      hint: 'migrate rehearse --out FILE writes one',
    });
  });
  const parsed = PIN.safeParse(jsonOf(content));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new VeneerError(`${file} is no plan of this version of pg-veneer`, {
    exitCode: EXIT.failed,
    where: { file },
    detail: issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`,
    hint: 'migrate rehearse --out FILE writes one; it is not made or changed by hand',
  });
}

function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch {
    return null;
  }
}

/** Throws (exit 20) where a plan could not be written there: makes the file, and takes it away again. */
export async function tryToWrite(file: string): Promise<void> {
  await writeNew(file, '');
  await rm(file);
}

/** Throws (exit 20) where that is not to be had. */
export const writePin = (file: string, pin: Pin): Promise<void> =>
  writeNew(file, `${JSON.stringify(pin, null, 2)}\n`);

/** Nothing is overwritten. */
async function writeNew(file: string, content: string): Promise<void> {
  try {
    await writeFile(file, content, { flag: 'wx' });
  } catch (error) {
    throw notWritten(file, error);
  }
}

function notWritten(file: string, cause: unknown): VeneerError {
  const isThere = fieldOf(cause, 'code') === 'EEXIST';
  return new VeneerError(`the plan cannot be written: ${isThere ? 'it is there already' : textOf(cause)}`, {
    exitCode: EXIT.failed,
    where: { file },
    hint: isThere
      ? 'name a file that is not there yet; nothing was overwritten'
      : 'name a file in a folder that is there, and where you may write',
    cause,
  });
}
