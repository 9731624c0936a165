-- on shard3
ALTER TABLE initech.authors ADD COLUMN born int NOT NULL DEFAULT 1900;
ALTER TABLE initech.authors ALTER born DROP DEFAULT;
