-- on shard3 as superuser
CREATE EXTENSION citext SCHEMA public;
-- on shard3
ALTER TABLE initech.authors ADD alias public.citext;
