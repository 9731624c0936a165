-- on veneer
ALTER TYPE initech.place DROP ATTRIBUTE street;
ALTER TYPE initech.place ADD ATTRIBUTE street text;
