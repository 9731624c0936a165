-- on shard3
ALTER TABLE initech.books DROP COLUMN at;
