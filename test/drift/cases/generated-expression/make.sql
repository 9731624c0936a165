-- on shard3
ALTER TABLE initech.ratios ALTER share SET EXPRESSION AS (n * 2);
