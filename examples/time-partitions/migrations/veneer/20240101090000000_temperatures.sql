-- Up Migration
-- What applications name: rows go to the year that they belong to, on box2; rows of no year stay here, in DEFAULT.
CREATE TABLE box1_schema.temperatures (
  day date NOT NULL,
  city text NOT NULL,
  degrees numeric(4, 1)
) PARTITION BY RANGE (day);
CREATE TABLE box1_schema.temperatures_default PARTITION OF box1_schema.temperatures DEFAULT;

-- Down Migration
DROP TABLE box1_schema.temperatures;
