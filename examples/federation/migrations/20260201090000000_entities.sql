-- Up Migration
CREATE TYPE entity_state AS ENUM ('new', 'live', 'gone');
CREATE TABLE entities (
  id int PRIMARY KEY,
  name text NOT NULL,
  state entity_state NOT NULL DEFAULT 'new'
);
-- No rule of shards.yaml lists it: it is not shown.
CREATE TABLE invoices (id int PRIMARY KEY, total numeric(12, 2) NOT NULL);

-- Down Migration
DROP TABLE invoices;
DROP TABLE entities;
DROP TYPE entity_state;
