-- on veneer
ALTER FOREIGN TABLE initech.books ALTER state DROP DEFAULT;
