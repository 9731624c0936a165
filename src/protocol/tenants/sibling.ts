import type { OutsideItem } from '../../catalog/relations/read-outside.js';
import type { ShapeLine } from '../../catalog/relations/read-shapes.js';
import type { ShapeCopy } from '../../catalog/copy/shape-copy.js';
import type { TenantConfig } from '../../config/config.js';
import type { LedgerEntry } from '../../migrations/ledger/ledger.js';

/** The tenant that new ones are made like, as it was read before the step. */
export interface Sibling {
  readonly tenant: TenantConfig;
  readonly copy: ShapeCopy;
  /** What `status` compares. */
  readonly lines: readonly ShapeLine[];
  readonly ignored: readonly string[];
  readonly entries: readonly LedgerEntry[];
  /** What its database has besides; null where other tenants live there, too. */
  readonly outside: readonly OutsideItem[] | null;
  /** server_version_num of the server that wrote the definitions. */
  readonly version: number;
}
