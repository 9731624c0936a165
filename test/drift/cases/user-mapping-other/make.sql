-- on veneer
ALTER USER MAPPING FOR veneer_admin SERVER shard3_server OPTIONS (SET password 'x');
