-- Up Migration
-- A year is a table of box2; that it becomes a partition of box1's parent is said by the expose rule of shards.yaml.
CREATE TABLE box2_schema.temperatures_2023 (
  day date NOT NULL CHECK (day >= '2023-01-01' AND day < '2024-01-01'),
  city text NOT NULL,
  degrees numeric(4, 1),
  PRIMARY KEY (day, city)
);
CREATE TABLE box2_schema.temperatures_2024 (
  day date NOT NULL CHECK (day >= '2024-01-01' AND day < '2025-01-01'),
  city text NOT NULL,
  degrees numeric(4, 1),
  PRIMARY KEY (day, city)
);

-- Down Migration
DROP TABLE box2_schema.temperatures_2024;
DROP TABLE box2_schema.temperatures_2023;
