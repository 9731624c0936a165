-- A region: psql runs this once, as superuser, when the container is created; `npm run example` does the same.
-- Only what needs a superuser is done here; `migrate setup` does the rest as residency_admin.
\set ON_ERROR_STOP on

-- From .env.compose: ADMIN_PASSWORD_USA where MEMBER is USA.
\getenv member MEMBER
\set admin_variable ADMIN_PASSWORD_ :member
\set app_variable APP_PASSWORD_ :member
\getenv admin_password :admin_variable
\getenv app_password :app_variable

CREATE ROLE residency_admin LOGIN PASSWORD :'admin_password';
CREATE ROLE app LOGIN PASSWORD :'app_password';
CREATE DATABASE residency OWNER residency_admin;

\connect residency
CREATE EXTENSION postgres_fdw;
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO residency_admin;
