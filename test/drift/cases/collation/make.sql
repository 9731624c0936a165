-- on veneer
ALTER FOREIGN TABLE initech.authors ALTER name TYPE text COLLATE "und-x-icu";
