import * as z from 'zod';
import { DURATION } from '../text/duration.js';
import { name, oneOf, text, wholeNumber } from './schema-parts.js';

/** How a run goes through the fleet. */
export const rollout = z
  .strictObject(
    {
      canary: z
        .array(name('the name of a shard'), { error: 'a list of shards' })
        .describe('Shards that go first, through all of their pending migrations.')
        .optional(),
      concurrency: wholeNumber(1, 'a whole number from 1 on')
        .describe(
          'Shards that are migrated at the same time; databases of tenants, with tenant.database. Default: 4.',
        )
        .optional(),
      on_error: oneOf(['stop', 'continue', 'skip-tenant'])
        .describe(
          'After a failure: stop; continue with the other shards; or skip-tenant, leaving out the tenants in which it fails. Default: stop.',
        )
        .optional(),
      batch: z
        .union([z.literal('auto'), z.int().min(1)], { error: 'auto or a number of tenants' })
        .describe(
          "Tenants of a shard in one step at most: a number, or auto: 100, fewer where a server's lock table is small. Default: auto.",
        )
        .optional(),
      atomic: oneOf(['fleet'])
        .describe(
          'fleet: each migration commits on all shards or on none. Default: each shard with its veneers.',
        )
        .optional(),
      lock_wait: text(DURATION)
        .describe(
          'Budget of an attempt: waiting while anything that blocks the application is held. Default: 2s.',
        )
        .optional(),
      lock_hold: text(DURATION)
        .describe('Budget of an attempt: from the first such lock to its release. Default: 30s.')
        .optional(),
      retries: wholeNumber(0, 'a whole number from 0 on')
        .describe('Further attempts after the first one lost a lock. Default: 10.')
        .optional(),
      analyze: oneOf(['new', 'changed', 'never'])
        .describe(
          'Foreign tables that are ANALYZEd at the end of a run, where they hold rows: new ones; changed, those with a changed type as well; or never. Default: new.',
        )
        .optional(),
    },
    { error: 'a map' },
  )
  .describe('How a run goes through the fleet.');

/** What a run may do. */
export const policy = z
  .strictObject(
    {
      out_of_order: oneOf(['refuse', 'allow', 'ignore'])
        .describe('A migration that comes before one already applied. Default: refuse.')
        .optional(),
      writes: oneOf(['warn', 'refuse', 'allow'])
        .describe(
          'A migration after which INSERTs through a veneer fail that worked before: tell, refuse, or say nothing. Default: warn.',
        )
        .optional(),
      rewrites: oneOf(['fence', 'refuse', 'allow'])
        .describe(
          'A migration that rewrites or replaces a table: wait for old readers and lock out new ones, refuse, or take the risk. Default: fence.',
        )
        .optional(),
    },
    { error: 'a map' },
  )
  .describe('What a run may do.');
