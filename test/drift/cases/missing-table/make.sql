-- on veneer
DROP FOREIGN TABLE initech.authors;
