-- on veneer
ALTER FOREIGN TABLE initech.pairs DROP COLUMN a;
ALTER FOREIGN TABLE initech.pairs ADD COLUMN a int;
