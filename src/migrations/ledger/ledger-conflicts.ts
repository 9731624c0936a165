const overwriteWhere = (condition: string): string => `
  ON CONFLICT (scope, tenant, migration) DO UPDATE
     SET checksum = excluded.checksum, state = excluded.state, step = excluded.step,
         applied_at = excluded.applied_at, applied_by = excluded.applied_by, duration = NULL
   WHERE ${condition}`;

/** Of what is there already, only a row that says `running` is written over. */
export const TAKE_OVER = overwriteWhere(`ledger.state = 'running'`);

/** Of a repeatable, a row of another text: what waited here for somebody who applied this one is told so. */
export const REPEAT = overwriteWhere('ledger.checksum <> excluded.checksum');
