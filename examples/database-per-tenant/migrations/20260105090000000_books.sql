-- Up Migration
CREATE TABLE books (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  author_id uuid NOT NULL REFERENCES authors,
  title text NOT NULL,
  publish_date date
);

-- Down Migration
DROP TABLE books;
