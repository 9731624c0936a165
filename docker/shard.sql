-- A shard of the bookstore: psql runs this once, as superuser, when the container is created.
-- Only what needs a superuser is done here; `migrate setup` does the rest as bookstore_admin.
\set ON_ERROR_STOP on

-- From .env.compose: ADMIN_PASSWORD_SHARD1 where MEMBER is SHARD1. An unset one leaves :'admin_password' as it is, a
-- syntax error, and the container stops.
\getenv member MEMBER
\set admin_variable ADMIN_PASSWORD_ :member
\set app_variable APP_PASSWORD_ :member
\getenv admin_password :admin_variable
\getenv app_password :app_variable

CREATE ROLE bookstore_admin LOGIN PASSWORD :'admin_password';
CREATE ROLE bookstore_app LOGIN PASSWORD :'app_password';

-- An owner may create schemas in its database and, since PostgreSQL 15, is the only one who may create in public.
CREATE DATABASE bookstore OWNER bookstore_admin;
