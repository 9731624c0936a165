import type { Drift, DriftKind } from '../../src/report/drift/drift.js';
import type { StatusReport } from '../../src/report/status.js';

const OF_SHARDS: readonly DriftKind[] = ['odd tenant', 'absent tenant'];

/** What differs between veneers and shards: a tenant that a test changes by hand is odd among its siblings besides. */
export const veneerDrift = ({ drift }: Pick<StatusReport, 'drift'>): Drift[] =>
  drift.filter(({ kind }) => !OF_SHARDS.includes(kind));
