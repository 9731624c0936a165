-- The veneer of the bookstore: psql runs this once, as superuser, when the container is created.
-- Only what needs a superuser is done here; `migrate setup` does the rest as veneer_admin.
\set ON_ERROR_STOP on

-- From .env.compose; an unset one leaves :'admin_password' as it is, a syntax error, and the container stops.
\getenv admin_password VENEER_ADMIN_PASSWORD
\getenv app_password VENEER_APP_PASSWORD

CREATE ROLE veneer_admin LOGIN PASSWORD :'admin_password';
CREATE ROLE veneer_app LOGIN PASSWORD :'app_password';

-- An owner may create schemas in its database and, since PostgreSQL 15, is the only one who may create in public.
CREATE DATABASE bookstore OWNER veneer_admin;

\connect bookstore
CREATE EXTENSION postgres_fdw;
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO veneer_admin;
