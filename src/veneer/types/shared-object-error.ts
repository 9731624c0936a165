import { EXIT, VeneerError } from '../../errors.js';

/**
 * A step would change something that a veneer shows once for several shards: a type, a partitioned table. All of them
 * have to change it in one step (PROTOCOL section 3).
 */
export class SharedObjectError extends VeneerError {
  /** For people: `type shared.mood`. */
  readonly what: string;
  /** The shards that show it and take no part. */
  readonly lacking: readonly string[];

  constructor(message: string, facts: SharedObject) {
    const { what, lacking, member, detail } = facts;
    super(message, {
      exitCode: EXIT.failed,
      where: { member },
      ...(detail === undefined ? {} : { detail }),
      hint: `the migration has to run on ${lacking.join(', ')} in the same step: let them take part in this run`,
    });
    this.what = what;
    this.lacking = lacking;
  }
}

/** What several shards share, and who of them takes no part. */
export interface SharedObject {
  readonly what: string;
  readonly lacking: readonly string[];
  readonly member: string;
  readonly detail?: string;
}
