import { ident, literal } from '../../src/postgres/identifiers.js';

/** What a script runs in one database, statement by statement. */
export interface ScriptPart {
  readonly database: string;
  readonly statements: readonly string[];
}

/** Where the image of docker-compose.yml connects to before a script says otherwise. */
const FIRST_DATABASE = 'postgres';

/**
 * An init script of docker-compose.yml, read as psql would run it in a container with this environment: so that a
 * machine without psql makes the same roles and databases from the same file. Known are `\set`, `\getenv`, `\connect`,
 * `:'value'`, `:"name"`, and statements that end with their line. Throws for anything else, and for a missing variable.
 */
export function readInitScript(
  text: string,
  environment: Readonly<Record<string, string>>,
): readonly ScriptPart[] {
  const variables = new Map<string, string>();
  const parts: { database: string; statements: string[] }[] = [{ database: FIRST_DATABASE, statements: [] }];
  let pending: string[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('--')) continue;
    if (line.startsWith('\\')) {
      if (pending.length > 0) throw new Error(`a statement has no end before: ${line}`);
      const database = runMeta(line, variables, environment);
      if (database !== null) parts.push({ database, statements: [] });
      continue;
    }
    pending.push(line);
    if (!line.trimEnd().endsWith(';')) continue;
    parts.at(-1)?.statements.push(fillIn(pending.join('\n'), variables));
    pending = [];
  }
  if (pending.length > 0) throw new Error(`a statement has no end: ${pending.join('\n')}`);
  return parts.filter(({ statements }) => statements.length > 0);
}

/** Runs a command of psql on the variables; answers the database that it connects to, if it does. */
function runMeta(
  line: string,
  variables: Map<string, string>,
  environment: Readonly<Record<string, string>>,
): string | null {
  const [command = '', ...words] = line.trim().split(/\s+/);
  const [name = '', ...rest] = words.map((word) => expanded(word, variables));
  if (command === '\\connect') return name;
  if (command === '\\set') variables.set(name, rest.join(''));
  else if (command === '\\getenv') variables.set(name, valueOf(rest.join(''), environment));
  else throw new Error(`${command} is not known to this reader of init scripts`);
  return null;
}

/** psql leaves an unset variable as it is, which then is a syntax error; here the error says which. */
function valueOf(name: string, environment: Readonly<Record<string, string>>): string {
  const value = environment[name];
  if (value === undefined) throw new Error(`the environment has no ${name}`);
  return value;
}

const expanded = (word: string, variables: ReadonlyMap<string, string>): string =>
  word.startsWith(':') ? known(word.slice(1), variables) : word;

const fillIn = (sql: string, variables: ReadonlyMap<string, string>): string =>
  sql
    .replaceAll(/(?<!:):'(\w+)'/g, (_, name: string) => literal(known(name, variables)))
    .replaceAll(/(?<!:):"(\w+)"/g, (_, name: string) => ident(known(name, variables)));

function known(name: string, variables: ReadonlyMap<string, string>): string {
  const value = variables.get(name);
  if (value === undefined) throw new Error(`the script has no variable ${name}`);
  return value;
}
