-- The customers' server: psql runs this once, as superuser, when the container is created; `npm run example` does the same.
\set ON_ERROR_STOP on
\getenv admin_password CUSTOMERS_ADMIN_PASSWORD
\getenv reader_password READER_PASSWORD

-- CREATEDB: migrate tenant add makes the database of a customer who signs up.
CREATE ROLE customers_admin LOGIN PASSWORD :'admin_password' CREATEDB;
CREATE ROLE federation_reader LOGIN PASSWORD :'reader_password';

CREATE DATABASE acme OWNER customers_admin;
CREATE DATABASE globex OWNER customers_admin;
CREATE DATABASE initech OWNER customers_admin;
