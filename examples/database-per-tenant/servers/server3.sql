-- A server of tenants: psql runs this once, as superuser, when the container is created; `npm run example` does the same.
\set ON_ERROR_STOP on
\getenv migrator_password MIGRATOR_PASSWORD
\getenv initech_admin ADMIN_PASSWORD_INITECH
\getenv initech_app APP_PASSWORD_INITECH

-- It owns nothing: in each tenant's database it works as that tenant's admin. CREATEDB is for `migrate tenant add`.
CREATE ROLE migrator LOGIN PASSWORD :'migrator_password' CREATEDB;

CREATE ROLE initech_admin LOGIN PASSWORD :'initech_admin';
CREATE ROLE initech_app LOGIN PASSWORD :'initech_app';
GRANT initech_admin TO migrator;
CREATE DATABASE initech OWNER initech_admin;
REVOKE CONNECT ON DATABASE initech FROM PUBLIC;
GRANT CONNECT ON DATABASE initech TO initech_app;
