-- on veneer
DROP VIEW shared.notes;
