import path from 'node:path';
import type { Config, TenantRow } from '../config.js';
import { ConfigError } from '../text/config-error.js';
import type { ConfigProblem } from '../text/config-error.js';
import { readDocument } from '../text/document.js';
import type { Finding, YamlDocument } from '../text/document.js';
import { readEnvironment, shownPath } from '../text/environment.js';
import type { Environment, Variables } from '../text/environment.js';
import { readTextFile } from '../text/read-text-file.js';
import { resolve } from './resolve.js';
import { pathText } from '../text/path-text.js';
import { validate } from '../schema/validate.js';

/** Where the configuration comes from; nothing else is read. */
export interface ConfigSource {
  /** What relative paths are relative to. */
  readonly cwd: string;
  /** The real environment, usually `process.env`; it wins over env files and is not changed. */
  readonly env: Variables;
  /** `--config`; default: shards.yaml in `cwd`. */
  readonly file?: string | undefined;
  /** `--env-file`, a later one wins; default: `.env` beside the config, if there is one. */
  readonly envFiles?: readonly string[] | undefined;
}

/** shards.yaml and the environment, read once: every edition of the fleet is made of this text. */
export interface FleetSource {
  /** Absolute path of shards.yaml. */
  readonly file: string;
  readonly text: string;
  /**
   * The {@link Config}: checked, complete, readonly. Throws one {@link ConfigError} (exit 78) that holds every problem
   * with its place.
   */
  readonly read: (edition?: Edition) => Config;
}

/** What is different from the file as it stands. */
export interface Edition {
  /** The text that it is about to have. */
  readonly text?: string;
  /** What tenants.query answered; left out: no tenant is known yet. */
  readonly tenants?: readonly TenantRow[];
}

/** Reads the files. Throws a {@link ConfigError} (exit 78) where shards.yaml or an env file cannot be read. */
export function openFleetSource(source: ConfigSource): FleetSource {
  const file = path.resolve(source.cwd, source.file ?? 'shards.yaml');
  const shown = shownPath(source.cwd, file);
  const text = readConfigFile(file, shown);
  const folder = path.dirname(file);
  const environment = readEnvironment({
    folder,
    cwd: source.cwd,
    envFiles: source.envFiles ?? [],
    env: source.env,
  });
  return {
    file,
    text,
    read: (edition = {}) => {
      const document = readDocument(edition.text ?? text);
      const { config, problems } = read(document, { file, shown, environment, ...edition });
      const all = [...environment.problems, ...inOrder(problems)];
      if (all.length > 0 || config === null) throw new ConfigError(shown, all);
      return config;
    },
  };
}

/** The fleet of a shards.yaml that lists its tenants; of another one, without any. */
export const loadConfig = async (source: ConfigSource): Promise<Config> => openFleetSource(source).read();

/** The text of shards.yaml. Throws a {@link ConfigError} (exit 78) where it cannot be read. */
export function readConfigFile(file: string, shown: string): string {
  const read = readTextFile(file);
  if ('text' in read) return read.text;
  const message = REASONS[read.code] ?? `cannot be read (${read.code})`;
  throw new ConfigError(shown, [{ file: shown, line: null, column: null, path: '', message }]);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file; name one with --config, or make one: migrate init',
  EISDIR: 'expected a file, this is a folder; name the file in it with --config',
};

interface Edited {
  readonly file: string;
  /** Its path for messages. */
  readonly shown: string;
  readonly environment: Environment;
  readonly tenants?: readonly TenantRow[];
}

function read(
  document: YamlDocument,
  { file, shown, environment, tenants }: Edited,
): { config: Config | null; problems: readonly ConfigProblem[] } {
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ place, message }) => ({
      file: shown,
      ...place,
      path: '',
      message,
    }));
    return { config: null, problems };
  }
  const findings: Finding[] = [];
  const { fleet, findings: misfits } = validate(document.value);
  findings.push(...misfits);
  if (fleet === null) return { config: null, problems: placed(findings, document, shown) };
  const config = resolve(fleet, file, {
    environment,
    tenants: tenants ?? null,
    keysOf: document.keysOf,
    lineOf: (at) => document.placeOf(at).line,
    refuse: (at, message, place = 'value') => {
      findings.push({ path: at, message, at: place });
    },
  });
  return { config, problems: placed(findings, document, shown) };
}

/** Findings with their places in the file. */
export function placed(
  findings: readonly Finding[],
  document: YamlDocument,
  file: string,
): readonly ConfigProblem[] {
  return findings.map(({ path: at, message, at: place }) => ({
    file,
    ...document.placeOf(at, place),
    path: pathText(at),
    message,
  }));
}

/** Ordered by place, each once: a pattern that is filled in for many shards repeats its problem. */
function inOrder(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const unique = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...unique.values()].toSorted(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}
