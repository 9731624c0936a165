-- A shard: psql runs this once, as superuser, when the container is created; `npm run example` does the same.
\set ON_ERROR_STOP on

-- From .env.compose: ADMIN_PASSWORD_NORTH where MEMBER is NORTH.
\getenv member MEMBER
\set admin_variable ADMIN_PASSWORD_ :member
\getenv admin_password :admin_variable

CREATE ROLE ledger_admin LOGIN PASSWORD :'admin_password';
CREATE DATABASE ledgers OWNER ledger_admin;
