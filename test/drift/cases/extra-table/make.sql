-- on shard3
DROP TABLE initech.authors;
