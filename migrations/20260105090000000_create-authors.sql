-- Up Migration
-- Names are not qualified: the search_path is the tenant's schema.
CREATE TABLE authors (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  first_name text NOT NULL,
  last_name text NOT NULL,
  CONSTRAINT authors_full_name_key UNIQUE (first_name, last_name)
);

-- Down Migration
DROP TABLE authors;
