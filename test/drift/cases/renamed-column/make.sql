-- on shard3
ALTER TABLE initech.authors RENAME name TO full_name;
