-- Up Migration
-- Names are not qualified: the search_path is the tenant's schema, in the tenant's database.
CREATE TABLE authors (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  last_name text NOT NULL
);

-- Down Migration
DROP TABLE authors;
