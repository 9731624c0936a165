-- Up Migration
-- Names are not qualified: the search_path is the tenant's schema, in the tenant's database.
CREATE TABLE books (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  title text NOT NULL,
  publish_date date
);

-- Down Migration
DROP TABLE books;
