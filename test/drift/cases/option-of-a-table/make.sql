-- on veneer
ALTER FOREIGN TABLE initech.authors OPTIONS (SET table_name 'critics');
