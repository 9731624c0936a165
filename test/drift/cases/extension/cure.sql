-- on veneer as superuser
CREATE EXTENSION citext SCHEMA public;
