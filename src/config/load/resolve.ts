import path from 'node:path';
import type { Config, PolicyConfig, RolloutConfig } from '../config.js';
import { readDuration, DURATION } from '../text/duration.js';
import { resolveExpose } from './resolve-expose.js';
import { resolveHooks } from './resolve-hooks.js';
import { tenantIs } from './resolve-places.js';
import { resolveRoles } from './resolve-roles.js';
import { resolveShards } from './resolve-shards.js';
import { resolveTenantQuery } from './resolve-tenant-query.js';
import { resolveVeneers } from './resolve-veneers.js';
import { filled, shownName } from './reading.js';
import type { Reading } from './reading.js';
import type { FleetFile } from '../schema/schema.js';
import { didYouMean } from '../text/nearest.js';
import type { Loose } from '../schema/validate.js';

/** Fills in, applies defaults, and checks what no schema can say. Valid only where `reading` noted no problem. */
export function resolve(fleet: Loose<FleetFile>, file: string, reading: Reading): Config {
  const { shards, addresses, servers } = resolveShards(fleet, reading);
  return {
    fleet: resolveFleetName(fleet, reading),
    file,
    migrations: resolveMigrations(fleet, file, reading),
    veneers: resolveVeneers(fleet, shards, addresses, reading),
    leftOut: [],
    shards,
    unlisted: [],
    tenantIs: tenantIs(fleet),
    servers,
    tenantQuery: resolveTenantQuery(fleet, reading),
    roles: resolveRoles(fleet, reading),
    expose: resolveExpose(fleet, shards, reading),
    extensions: (fleet.extensions ?? []).filter((name) => name !== undefined),
    rollout: resolveRollout(fleet, reading),
    policy: resolvePolicy(fleet),
    hooks: resolveHooks(fleet, reading),
  };
}

/** The fleet's name is part of a gid (`pgv:<fleet>:...`, under 200 bytes), which is parsed exactly. */
export function resolveFleetName(fleet: Pick<Loose<FleetFile>, 'fleet'>, reading: Reading): string {
  const name = filled(reading, ['fleet'], fleet.fleet, {}) ?? 'stand-in';
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/.test(name)) {
    reading.refuse(['fleet'], 'expected a name of letters, digits, _ - and . with 63 characters at most');
  }
  return name;
}

/** The folder of migrations as an absolute path; relative ones begin where shards.yaml is. */
export function resolveMigrations(
  fleet: Pick<Loose<FleetFile>, 'migrations'>,
  file: string,
  reading: Reading,
): string {
  const folder = filled(reading, ['migrations'], fleet.migrations ?? './migrations', {}) ?? '';
  return path.resolve(path.dirname(file), folder);
}

function resolveRollout(fleet: Loose<FleetFile>, reading: Reading): RolloutConfig {
  const rollout = fleet.rollout ?? {};
  return {
    canary: resolveCanary(fleet, reading),
    concurrency: rollout.concurrency ?? 4,
    lockWaitMs: milliseconds(reading, 'lock_wait', rollout.lock_wait ?? '2s'),
    lockHoldMs: milliseconds(reading, 'lock_hold', rollout.lock_hold ?? '30s'),
    onError: rollout.on_error ?? 'stop',
    atomic: rollout.atomic ?? null,
    batch: rollout.batch ?? 'auto',
    retries: rollout.retries ?? 10,
    analyze: rollout.analyze ?? 'new',
  };
}

function resolveCanary(fleet: Loose<FleetFile>, reading: Reading): readonly string[] {
  const known = reading.keysOf(['shards']);
  const names = (fleet.rollout?.canary ?? []).flatMap((text, index) => {
    const at = ['rollout', 'canary', index];
    const name = filled(reading, at, text, {});
    if (name === null || known.includes(name)) return name ?? [];
    reading.refuse(
      at,
      `no shard of this fleet is called ${shownName(text ?? '', name)}${didYouMean(name, known)}`,
    );
    return [];
  });
  return [...new Set(names)];
}

function milliseconds(reading: Reading, key: 'lock_wait' | 'lock_hold', text: string): number {
  const value = filled(reading, ['rollout', key], text, {});
  const ms = value === null ? 0 : readDuration(value);
  if (ms === null) reading.refuse(['rollout', key], `expected ${DURATION}, got another text`);
  return ms ?? 0;
}

function resolvePolicy(fleet: Loose<FleetFile>): PolicyConfig {
  return {
    outOfOrder: fleet.policy?.out_of_order ?? 'refuse',
    writes: fleet.policy?.writes ?? 'warn',
    rewrites: fleet.policy?.rewrites ?? 'fence',
  };
}
