-- on shard3
ALTER TABLE initech.authors ADD favourite initech.books;
