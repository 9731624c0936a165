-- on veneer
ALTER TABLE shared.visits DETACH PARTITION initech.visits;
