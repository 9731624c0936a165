-- on veneer
UPDATE pgveneer.tenant SET shard = 'elsewhere' WHERE tenant = 'initech';
