-- on veneer
ALTER FOREIGN TABLE initech.books DROP COLUMN pages;
