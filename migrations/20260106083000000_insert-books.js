import { escapeValue } from 'node-pg-migrate';

const books = [
  ['Achebe', 'Things Fall Apart', '1958-06-17'],
  ['Butler', 'Kindred', '1979-06-01'],
  ['Butler', 'Parable of the Sower', '1993-10-01'],
  ['Calvino', 'Il barone rampante', '1957-06-01'],
  ['Calvino', 'Le città invisibili', '1972-11-01'],
  ['García Márquez', 'Cien años de soledad', '1967-05-30'],
  ['García Márquez', 'El amor en los tiempos del cólera', '1985-12-01'],
  ['Le Guin', 'The Dispossessed', '1974-05-01'],
  ['Le Guin', 'The Left Hand of Darkness', '1969-03-01'],
  ['Morrison', 'Beloved', '1987-09-01'],
  ['Morrison', 'Song of Solomon', '1977-09-01'],
  ["O'Brien", 'At Swim-Two-Birds', '1939-03-13'],
];

const list = (rows) =>
  rows.map((row) => `(${row.map((value) => escapeValue(value)).join(', ')})`).join(',\n    ');

export const up = (pgm) => {
  pgm.sql(`
    INSERT INTO books (author_id, title, publish_date)
    SELECT authors.id, new.title, new.publish_date::date
    FROM (VALUES
    ${list(books)}
    ) AS new (last_name, title, publish_date)
    JOIN authors USING (last_name)`);
};

export const down = (pgm) => {
  pgm.sql(`DELETE FROM books WHERE title IN ${list([books.map(([, title]) => title)])}`);
};
