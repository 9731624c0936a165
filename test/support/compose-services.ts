import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

/** A service of a docker-compose.yml, with the keys that ours have. */
export interface Service {
  readonly image: string;
  readonly command: string;
  readonly env_file: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly healthcheck: { readonly test: readonly string[] };
}

/** A folder's docker-compose.yml, its anchors filled in. */
export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
}

export const readComposeFile = (folder: string): Compose =>
  parse(readFileSync(path.join(folder, 'docker-compose.yml'), 'utf8'), { merge: true }) as Compose;
