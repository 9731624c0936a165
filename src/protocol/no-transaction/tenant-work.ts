import type { TenantConfig } from '../../config/config.js';
import type { Direction, Migration, Statement } from '../../migrations/migration.js';
import type { Session } from '../../postgres/session.js';
import type { Run } from '../run/run.js';

/** A migration without a transaction, for one tenant. */
export interface TenantWork {
  readonly run: Run;
  readonly session: Session;
  readonly step: string;
  readonly migration: Migration;
  readonly direction: Direction;
  readonly statements: readonly Statement[];
  readonly tenant: TenantConfig;
  readonly appliedBy: string;
  readonly onRetry: (why: string) => void;
}
