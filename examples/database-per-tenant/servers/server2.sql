-- A server of tenants: psql runs this once, as superuser, when the container is created; `npm run example` does the same.
\set ON_ERROR_STOP on
\getenv migrator_password MIGRATOR_PASSWORD
\getenv cyberdyne_admin ADMIN_PASSWORD_CYBERDYNE
\getenv cyberdyne_app APP_PASSWORD_CYBERDYNE

-- It owns nothing: in each tenant's database it works as that tenant's admin. CREATEDB is for `migrate tenant add`.
CREATE ROLE migrator LOGIN PASSWORD :'migrator_password' CREATEDB;

CREATE ROLE cyberdyne_admin LOGIN PASSWORD :'cyberdyne_admin';
CREATE ROLE cyberdyne_app LOGIN PASSWORD :'cyberdyne_app';
GRANT cyberdyne_admin TO migrator;
CREATE DATABASE cyberdyne OWNER cyberdyne_admin;
REVOKE CONNECT ON DATABASE cyberdyne FROM PUBLIC;
GRANT CONNECT ON DATABASE cyberdyne TO cyberdyne_app;
