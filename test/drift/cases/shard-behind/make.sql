-- on shard3
-- What a backup from before the last migration would leave.
ALTER TABLE initech.books DROP COLUMN pages;
DELETE FROM initech.critics WHERE id = 2;
DELETE FROM pgveneer.ledger WHERE migration = '0002_pages';
