-- on veneer
ALTER FOREIGN TABLE initech.books ALTER price TYPE numeric(10,1);
