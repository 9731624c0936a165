-- The veneer: psql runs this once, as superuser, when the container is created; `npm run example` does the same.
\set ON_ERROR_STOP on
\getenv admin_password VENEER_ADMIN_PASSWORD
\getenv app_password VENEER_APP_PASSWORD

CREATE ROLE veneer_admin LOGIN PASSWORD :'admin_password';
CREATE ROLE veneer_app LOGIN PASSWORD :'app_password';
CREATE DATABASE veneer OWNER veneer_admin;

\connect veneer
CREATE EXTENSION postgres_fdw;
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO veneer_admin;
