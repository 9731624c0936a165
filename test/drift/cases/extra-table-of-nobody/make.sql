-- on veneer
CREATE FOREIGN TABLE initech.mine (id int) SERVER shard3_server OPTIONS (schema_name 'initech', table_name 'critics');
