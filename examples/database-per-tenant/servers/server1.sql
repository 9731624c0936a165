-- A server of tenants: psql runs this once, as superuser, when the container is created; `npm run example` does the same.
\set ON_ERROR_STOP on
\getenv migrator_password MIGRATOR_PASSWORD
\getenv bluth_co_admin ADMIN_PASSWORD_BLUTH_CO
\getenv bluth_co_app APP_PASSWORD_BLUTH_CO
\getenv hooli_admin ADMIN_PASSWORD_HOOLI
\getenv hooli_app APP_PASSWORD_HOOLI

-- It owns nothing: in each tenant's database it works as that tenant's admin. CREATEDB is for `migrate tenant add`.
CREATE ROLE migrator LOGIN PASSWORD :'migrator_password' CREATEDB;

CREATE ROLE bluth_co_admin LOGIN PASSWORD :'bluth_co_admin';
CREATE ROLE bluth_co_app LOGIN PASSWORD :'bluth_co_app';
GRANT bluth_co_admin TO migrator;
CREATE DATABASE bluth_co OWNER bluth_co_admin;
REVOKE CONNECT ON DATABASE bluth_co FROM PUBLIC;
GRANT CONNECT ON DATABASE bluth_co TO bluth_co_app;

CREATE ROLE hooli_admin LOGIN PASSWORD :'hooli_admin';
CREATE ROLE hooli_app LOGIN PASSWORD :'hooli_app';
GRANT hooli_admin TO migrator;
CREATE DATABASE hooli OWNER hooli_admin;
REVOKE CONNECT ON DATABASE hooli FROM PUBLIC;
GRANT CONNECT ON DATABASE hooli TO hooli_app;
