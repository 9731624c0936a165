-- on veneer
DROP FOREIGN TABLE initech.moods;
DROP TYPE initech.mood;
