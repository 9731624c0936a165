-- Up Migration
-- INSERT … ON CONFLICT DO UPDATE needs a unique index on the parent, which a parent with foreign partitions cannot have.
-- A caller in another region who is second may get 40001, since postgres_fdw reads there in REPEATABLE READ: the
-- transaction is to be tried again, as after any serialization failure.
CREATE FUNCTION shared.save_details(id uuid, region text, email text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  LOOP
    UPDATE shared.identity_details d SET email = save_details.email
     WHERE d.region = save_details.region AND d.id = save_details.id;
    EXIT WHEN FOUND;
    INSERT INTO shared.identity_details (id, region, email)
    VALUES (save_details.id, save_details.region, save_details.email) ON CONFLICT DO NOTHING;
    EXIT WHEN FOUND;
  END LOOP;
END $$;

-- Down Migration
DROP FUNCTION shared.save_details(uuid, text, text);
