-- Up Migration
-- Who there is: an id and the region that is its home, in every region, and nothing else.
CREATE TABLE shared.identity (
  id uuid PRIMARY KEY,
  region text NOT NULL
);
-- What is known of them stays at home: a partition for each region, here that of this region, elsewhere foreign tables.
CREATE TABLE shared.identity_details (
  id uuid NOT NULL,
  region text NOT NULL,
  email text NOT NULL
) PARTITION BY LIST (region);
GRANT USAGE ON SCHEMA shared TO app;
GRANT SELECT, INSERT, UPDATE, DELETE ON shared.identity, shared.identity_details TO app;

-- Down Migration
DROP TABLE shared.identity_details;
DROP TABLE shared.identity;
