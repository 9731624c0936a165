-- on veneer
DROP TABLE initech.authors;
