-- Up Migration
-- All years in one migration: then the parent on box1 is changed with them, and its DEFAULT partition follows.
ALTER TABLE box2_schema.temperatures_2023 ADD COLUMN station text NOT NULL DEFAULT 'unknown';
ALTER TABLE box2_schema.temperatures_2024 ADD COLUMN station text NOT NULL DEFAULT 'unknown';

-- Down Migration
ALTER TABLE box2_schema.temperatures_2024 DROP COLUMN station;
ALTER TABLE box2_schema.temperatures_2023 DROP COLUMN station;
