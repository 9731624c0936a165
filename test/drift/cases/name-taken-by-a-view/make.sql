-- on veneer
DROP FOREIGN TABLE initech.authors;
CREATE VIEW initech.authors AS SELECT 1 AS id, 'Nobody' AS name;
