import { EXIT, VeneerError } from '../../errors.js';

/** One thing that is wrong with the configuration: where it stands and what was expected. Never holds a value. */
export interface ConfigProblem {
  /** Path of the file, as a person in the working directory would type it. */
  readonly file: string;
  /** 1-based; null where the file as a whole is meant. */
  readonly line: number | null;
  readonly column: number | null;
  /** Where in the document: `shards.shard1.url`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
}

/** Everything that is wrong with the configuration, in the order of the file. Exit code 78. */
export class ConfigError extends VeneerError {
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    super([`${file} has ${count}:`, ...problems.map(configProblemLine)].join('\n'), {
      exitCode: EXIT.config,
    });
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** A problem as one line of text: `shards.yaml:8:10 shards.shard1.url: expected a url, got a number`. */
export function configProblemLine({ file, line, column, path, message }: ConfigProblem): string {
  const place = line === null ? file : `${file}:${line}:${column ?? 1}`;
  return path === '' ? `${place} ${message}` : `${place} ${path}: ${message}`;
}
