-- on veneer
ALTER FOREIGN TABLE initech.pairs ALTER a OPTIONS (SET column_name 'b');
