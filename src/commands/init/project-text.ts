/** The name of the sample fleet. */
export const FLEET = 'shop';

/**
 * The sample fleet of a new project: small, and with each part of a real one. README.md shows the same text, and what a superuser has
 * to make for it; tests compare them, and run it.
 */
export const SHARDS_YAML = `# yaml-language-server: $schema=./node_modules/pg-veneer/shards.schema.json
fleet: ${FLEET} # part of lock keys and of prepared transactions: name it now, and keep it
migrations: ./migrations

veneers:
  veneer:
    url: \${VENEER_URL} # as the role that owns the foreign tables

shards:
  shard1:
    url: \${SHARD1_URL} # as the role that owns the tenants' tables
    # server: { host: shard1.internal, port: 5432 } # as the veneer reaches it; left out: as in the url
    tenants: [acme, globex] # schemas on the shard, and schemas of these names on the veneer
  shard2:
    url: \${SHARD2_URL}
    tenants: [initech]

roles: # a role on the veneer, who it is on the shards, and what it may do on both
  shop_admin: { user: shop_admin, password: '\${ADMIN_PASSWORD_{shard}}' }
  shop_app: { user: shop_app, password: '\${APP_PASSWORD_{shard}}', grant: [select, insert, update, delete] }

# expose: left out = every relation of a tenant's schema, in the schema named after the tenant
rollout: { canary: [shard1] } # goes first, through everything
`;

/** Every variable of {@link SHARDS_YAML}. */
export const ENV_EXAMPLE = `# Variables for shards.yaml: copy this file to .env and fill it in. A real environment variable wins over .env.
# In a url, characters such as # / ? @ % are percent-encoded; elsewhere a value with a # or blanks is quoted.

# How this machine reaches the members: the owner of the veneer's foreign tables, the owner of each shard's tables.
VENEER_URL=postgres://shop_admin:change-me@veneer.internal:5432/shop
SHARD1_URL=postgres://shop_admin:change-me@shard1.internal:5432/shop
SHARD2_URL=postgres://shop_admin:change-me@shard2.internal:5432/shop

# The users on the shards, shop_admin and shop_app: the veneer logs in with these (its user mappings).
ADMIN_PASSWORD_SHARD1=change-me
ADMIN_PASSWORD_SHARD2=change-me
APP_PASSWORD_SHARD1=change-me
APP_PASSWORD_SHARD2=change-me
`;

/** A table that the application can use through the veneer as it is, and the way back. */
export const FIRST_MIGRATION = `-- Up Migration
-- A sample: write your first table in its place. It runs once for each tenant; search_path is its schema, so that
-- names are not qualified. The defaults are ones that a veneer can evaluate itself: an INSERT through it may leave
-- them out, which it may not with serial or identity.
CREATE TABLE notes (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  text text NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);

-- Down Migration
DROP TABLE notes;
`;

/** What {@link FIRST_MIGRATION} is called, in words. */
export const FIRST_NAME = 'create notes';
