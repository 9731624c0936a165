-- on veneer
ALTER FOREIGN TABLE initech.books ALTER title DROP NOT NULL;
