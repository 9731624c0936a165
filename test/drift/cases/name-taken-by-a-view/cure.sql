-- on veneer
DROP VIEW initech.authors;
