-- Up Migration
CREATE TABLE accounts (
  id int PRIMARY KEY,
  owner text NOT NULL,
  balance numeric(12, 2) NOT NULL DEFAULT 0
);

-- Down Migration
DROP TABLE accounts;
