-- on veneer
ALTER TYPE initech.mood RENAME VALUE 'ok' TO 'x';
ALTER TYPE initech.mood RENAME VALUE 'sad' TO 'ok';
ALTER TYPE initech.mood RENAME VALUE 'x' TO 'sad';
