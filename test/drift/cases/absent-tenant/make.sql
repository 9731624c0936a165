-- on shard3
DROP SCHEMA initech CASCADE;
