import type { Config, ShardConfig, TenantConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';

/** An existing tenant that new ones are made like. */
export interface Like {
  readonly tenant: TenantConfig;
  readonly shard: ShardConfig;
}

/** Throws (exit 64, 20) where a tenant of that name is none to be copied; null: none is named. */
export function likeOf(config: Config, names: readonly string[], like: string | null): Like | null {
  if (like === null) return null;
  if (names.includes(like))
    throw new VeneerError(`tenant ${like} cannot be made like itself`, {
      exitCode: EXIT.usage,
      hint: '--like names another tenant, which has every migration',
    });
  for (const shard of config.shards) {
    const tenant = shard.tenants.find(({ name }) => name === like);
    if (tenant !== undefined) return { tenant, shard };
  }
  throw new VeneerError(`--like names ${like}, which is no tenant of this fleet`, {
    exitCode: EXIT.usage,
    hint: 'migrate tenant list shows which there are',
  });
}
