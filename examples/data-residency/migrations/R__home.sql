-- The region's own partition; its tenant is called as the region is. A parent with foreign partitions can have no unique
-- index, so the key is each partition's own.
-- Repeatable, so that it runs behind all others: in a region that joins later, the partition is made when the parent has
-- the columns that it has everywhere, and can be attached everywhere.
CREATE TABLE IF NOT EXISTS identity_details PARTITION OF shared.identity_details (PRIMARY KEY (id))
  FOR VALUES IN (current_setting('pgveneer.tenant'));
