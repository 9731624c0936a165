-- on shard3
ALTER TABLE initech.critics ADD CONSTRAINT named CHECK (name <> 'x');
