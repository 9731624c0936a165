-- The shard: psql runs this once, as superuser, when the container is created; `npm run example` does the same.
\set ON_ERROR_STOP on
\getenv user2_password USER2_PASSWORD

CREATE ROLE user2 LOGIN PASSWORD :'user2_password';
CREATE DATABASE shard2 OWNER user2;
