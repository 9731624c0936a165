-- on shard3
DELETE FROM pgveneer.ledger WHERE tenant = 'initech';
