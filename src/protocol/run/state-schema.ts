/** Our tables on a member; FORMATS.md describes them. */
export const STATE_VERSION = 1;

/** Statements that make or complete schema pgveneer; idempotent. Run under the fleet lock. */
export const STATE_STATEMENTS: readonly string[] = [
  'CREATE SCHEMA IF NOT EXISTS pgveneer',
  `COMMENT ON SCHEMA pgveneer IS 'pg-veneer state, format ${STATE_VERSION}'`,
  `CREATE TABLE IF NOT EXISTS pgveneer.ledger (
     scope text NOT NULL CHECK (scope IN ('tenant', 'shard', 'veneer')),
     tenant text NOT NULL,
     migration text NOT NULL,
     checksum text NOT NULL,
     state text NOT NULL CHECK (state IN ('applied', 'running')),
     step text NOT NULL,
     applied_at timestamptz NOT NULL DEFAULT now(),
     applied_by text NOT NULL,
     duration interval,
     PRIMARY KEY (scope, tenant, migration))`,
  `CREATE TABLE IF NOT EXISTS pgveneer.step (
     fleet text NOT NULL,
     step text NOT NULL,
     nonce text NOT NULL,
     participant int NOT NULL,
     n int NOT NULL,
     at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (fleet, step, nonce, participant))`,
  `CREATE TABLE IF NOT EXISTS pgveneer.backfill (
     tenant text NOT NULL,
     migration text NOT NULL,
     direction text NOT NULL CHECK (direction IN ('up', 'down')),
     fill text NOT NULL,
     behind jsonb,
     rows bigint NOT NULL,
     PRIMARY KEY (tenant, migration, direction, fill))`,
];

/** On the journal member besides. */
export const JOURNAL_STATEMENTS: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS pgveneer.intent (
     fleet text NOT NULL,
     step text NOT NULL,
     nonce text NOT NULL,
     migration text,
     participants jsonb NOT NULL,
     at timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (fleet, step, nonce))`,
  `ALTER TABLE pgveneer.intent ADD COLUMN IF NOT EXISTS protocol text NOT NULL DEFAULT 'two-phase'
     CHECK (protocol IN ('two-phase', 'lock-step'))`,
  `CREATE TABLE IF NOT EXISTS pgveneer.history (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     fleet text NOT NULL,
     run text NOT NULL,
     seq int,
     event text NOT NULL CHECK (event IN ('run began', 'step ended', 'step settled', 'stop asked', 'run ended')),
     at timestamptz NOT NULL DEFAULT clock_timestamp(),
     command text,
     who text,
     client text,
     version text,
     step text,
     shard text,
     migration text,
     tenants int,
     protocol text,
     outcome text,
     attempts int,
     duration interval,
     problems jsonb NOT NULL DEFAULT '[]',
     details jsonb NOT NULL DEFAULT '{}',
     UNIQUE (fleet, run, seq))`,
];

/** On every veneer besides: which tenants there are, for those who ask the veneer itself. */
export const TENANTS_STATEMENTS: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS pgveneer.tenant (
     tenant text PRIMARY KEY,
     shard text NOT NULL,
     server text NOT NULL,
     schema text NOT NULL,
     state text NOT NULL)`,
  `CREATE OR REPLACE VIEW pgveneer.tenants AS SELECT tenant, shard, server, schema, state FROM pgveneer.tenant`,
];
