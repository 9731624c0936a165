-- on shard3
ALTER TABLE initech.authors DROP COLUMN favourite;
