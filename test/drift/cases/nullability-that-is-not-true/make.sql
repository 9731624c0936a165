-- on shard3
ALTER TABLE initech.books ALTER title DROP NOT NULL;
INSERT INTO initech.books (id, title) VALUES (9, NULL);
