-- on veneer
DROP FOREIGN TABLE initech.authors;
CREATE TABLE initech.authors (id int, name text);
