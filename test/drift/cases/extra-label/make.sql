-- on veneer
ALTER TYPE initech.mood ADD VALUE 'mad';
