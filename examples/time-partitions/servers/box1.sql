-- The veneer: psql runs this once, as superuser, when the container is created; `npm run example` does the same.
-- Only what needs a superuser is done here; `migrate setup` does the rest as user1.
\set ON_ERROR_STOP on
\getenv user1_password USER1_PASSWORD

CREATE ROLE user1 LOGIN PASSWORD :'user1_password';
CREATE DATABASE shard1 OWNER user1;

\connect shard1
CREATE EXTENSION postgres_fdw;
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO user1;
