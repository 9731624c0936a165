-- on veneer
ALTER SERVER shard3_server OPTIONS (SET dbname 'elsewhere');
