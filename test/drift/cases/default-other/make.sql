-- on veneer
ALTER FOREIGN TABLE initech.books ALTER state SET DEFAULT 'old';
