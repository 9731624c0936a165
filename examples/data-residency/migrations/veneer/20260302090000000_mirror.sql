-- Up Migration
-- An identity that is made, moved or removed in its home region is so in all others that this one shows, in the same
-- transaction of the application: while one of them is down, nobody signs up.
CREATE FUNCTION shared.mirror_identity() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  other text;
BEGIN
  FOR other IN
    SELECT relnamespace::regnamespace FROM pg_class WHERE relkind = 'f' AND relname = 'identity'
  LOOP
    IF TG_OP = 'INSERT' THEN
      EXECUTE format('INSERT INTO %s.identity VALUES ($1.*)', other) USING NEW;
    ELSE
      EXECUTE format('DELETE FROM %s.identity WHERE id = $1', other) USING OLD.id;
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

-- Rows of other homes are mirrors themselves, and go no further.
DO $$ BEGIN
  EXECUTE format(
    'CREATE TRIGGER mirror_insert AFTER INSERT ON shared.identity FOR EACH ROW
       WHEN (NEW.region = %1$L) EXECUTE FUNCTION shared.mirror_identity();
     CREATE TRIGGER mirror_delete AFTER DELETE ON shared.identity FOR EACH ROW
       WHEN (OLD.region = %1$L) EXECUTE FUNCTION shared.mirror_identity()',
    current_setting('pgveneer.veneer'));
END $$;

-- Down Migration
DROP TRIGGER mirror_insert ON shared.identity;
DROP TRIGGER mirror_delete ON shared.identity;
DROP FUNCTION shared.mirror_identity();
