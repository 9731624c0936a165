-- on veneer
ALTER DOMAIN initech.code ADD CHECK (VALUE <> 'a1');
