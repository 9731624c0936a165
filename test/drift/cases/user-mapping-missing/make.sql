-- on veneer
DROP USER MAPPING FOR veneer_app SERVER shard3_server;
