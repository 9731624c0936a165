import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../config.js';
import { ConfigError } from '../text/config-error.js';
import { readDocument, type Finding, type YamlDocument } from '../text/document.js';
import { readEnvironment, shownPath, type Environment } from '../text/environment.js';
import { validate } from '../schema/validate.js';
import { placed, readConfigFile, type ConfigSource } from './load-config.js';
import { resolveFleetName, resolveMigrations } from './resolve.js';

/** What is known of a fleet whose files alone are looked at. */
export interface MigrationsFolder extends Pick<Config, 'fleet' | 'file' | 'migrations'> {
  /** Also where nothing is known of the fleet. */
  readonly hasVeneers: boolean;
}

/**
 * Where the migrations of a fleet are. Only the variables in `fleet` and `migrations` are asked for: urls and passwords need not
 * be known, everything else has to fit the schema. Without a shards.yaml, and with none named, it is the folder `migrations`,
 * where there is one, of a fleet without a name. Throws a {@link ConfigError} (exit 78).
 */
export function loadMigrationsFolder(source: ConfigSource): MigrationsFolder {
  const file = path.resolve(source.cwd, source.file ?? 'shards.yaml');
  const usual = path.join(path.dirname(file), 'migrations');
  if (source.file === undefined && !existsSync(file) && existsSync(usual))
    return { fleet: '', file, migrations: usual, hasVeneers: true };
  const shown = shownPath(source.cwd, file);
  const document = readDocument(readConfigFile(file, shown));
  const environment = readEnvironment({
    folder: path.dirname(file),
    cwd: source.cwd,
    envFiles: source.envFiles ?? [],
    env: source.env,
  });
  const { folder, findings } = read(document, file, environment);
  const syntax = document.errors.map(({ place, message }) => ({ file: shown, ...place, path: '', message }));
  const problems = [...environment.problems, ...syntax, ...placed(findings, document, shown)];
  if (problems.length > 0 || folder === null) throw new ConfigError(shown, problems);
  return folder;
}

function read(
  document: YamlDocument,
  file: string,
  environment: Environment,
): { readonly folder: MigrationsFolder | null; readonly findings: readonly Finding[] } {
  if (document.errors.length > 0) return { folder: null, findings: [] };
  const { fleet, findings: misfits } = validate(document.value);
  if (fleet === null) return { folder: null, findings: misfits };
  const findings: Finding[] = [...misfits];
  const reading = {
    environment,
    tenants: null,
    keysOf: document.keysOf,
    lineOf: () => 0,
    refuse: (at: Finding['path'], message: string) => void findings.push({ path: at, message }),
  };
  const folder = {
    fleet: resolveFleetName(fleet, reading),
    file,
    migrations: resolveMigrations(fleet, file, reading),
    hasVeneers: Object.keys(fleet.veneers ?? {}).length > 0,
  };
  return { folder, findings };
}
