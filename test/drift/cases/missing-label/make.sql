-- on shard3
ALTER TYPE initech.mood ADD VALUE 'mad';
-- on shard3
INSERT INTO initech.moods VALUES (9, 'mad');
