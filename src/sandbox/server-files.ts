import { join } from 'node:path';

/** Where a server keeps its things: a folder named after it, in its fleet's folder. */
export interface ServerFiles {
  readonly home: string;
  readonly dataDir: string;
  /** Everything that the server logs, appended over all its starts. */
  readonly logFile: string;
  /** The superuser's password, for its owner alone. */
  readonly passwordFile: string;
}

/** The superuser that initdb makes. */
export const SUPERUSER = 'postgres';

export function serverFiles(fleetDir: string, name: string): ServerFiles {
  const home = join(fleetDir, name);
  return {
    home,
    dataDir: join(home, 'data'),
    logFile: join(home, 'log'),
    passwordFile: join(home, 'superuser-password'),
  };
}
