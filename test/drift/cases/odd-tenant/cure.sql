-- on shard3
ALTER TABLE initech.critics DROP CONSTRAINT named;
