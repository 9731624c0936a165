-- Up Migration
-- Detached and dropped on box1 in the same step. To keep the rows, rename the table to what no rule exposes.
DROP TABLE box2_schema.temperatures_2023;

-- Down Migration
CREATE TABLE box2_schema.temperatures_2023 (
  LIKE box2_schema.temperatures_2024 INCLUDING DEFAULTS INCLUDING INDEXES,
  CHECK (day >= '2023-01-01' AND day < '2024-01-01')
);
