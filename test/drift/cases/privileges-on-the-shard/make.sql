-- on shard3
REVOKE SELECT ON initech.books FROM bookstore_app;
