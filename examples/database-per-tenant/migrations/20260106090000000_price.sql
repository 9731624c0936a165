-- Up Migration
ALTER TABLE books ADD COLUMN price numeric(10, 2) NOT NULL DEFAULT 0;

-- Down Migration
ALTER TABLE books DROP COLUMN price;
