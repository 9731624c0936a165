-- Up Migration
-- Created on box2, exposed and attached on box1: one step. Before its first row arrives, or DEFAULT has it.
CREATE TABLE box2_schema.temperatures_2025 (
  LIKE box2_schema.temperatures_2024 INCLUDING DEFAULTS INCLUDING INDEXES,
  CHECK (day >= '2025-01-01' AND day < '2026-01-01')
);

-- Down Migration
DROP TABLE box2_schema.temperatures_2025;
