-- Up Migration
INSERT INTO authors (first_name, last_name) VALUES
  ('Chinua', 'Achebe'),
  ('Octavia E.', 'Butler'),
  ('Italo', 'Calvino'),
  ('Gabriel', 'García Márquez'),
  ('Ursula K.', 'Le Guin'),
  ('Toni', 'Morrison'),
  ('Flann', 'O''Brien');

-- Down Migration
DELETE FROM authors WHERE (first_name, last_name) IN (
  ('Chinua', 'Achebe'),
  ('Octavia E.', 'Butler'),
  ('Italo', 'Calvino'),
  ('Gabriel', 'García Márquez'),
  ('Ursula K.', 'Le Guin'),
  ('Toni', 'Morrison'),
  ('Flann', 'O''Brien')
);
