import { readExtensions } from '../../catalog/read-extensions.js';
import type { Config } from '../../config/config.js';
import type { Session } from '../../postgres/session.js';
import type { DoctorCheck } from '../../report/doctor.js';
import { createExtension } from '../../veneer/extensions.js';
import { extensionsLacked } from '../plan/missing-extensions.js';
import { failedBy, ok, warning } from './outcomes.js';

/**
 * The extensions of shards.yaml on a veneer: those that a shard's types need already, in the words of the step that would be refused, and
 * those that the first migration to use them could not be given. `shards`: those that answer.
 */
export async function extensionsChecks(
  config: Config,
  veneer: Session,
  shards: readonly string[],
  sessionOf: (member: string) => Session,
): Promise<DoctorCheck[]> {
  if (config.extensions.length === 0) return [];
  const own = config.veneers.filter(({ name }) => name === veneer.member);
  const problems = await extensionsLacked({ ...config, veneers: own }, shards, sessionOf);
  const failing = problems.map((problem) => failedBy('extensions', problem));
  const missing = (await readExtensions(veneer, config.extensions)).filter(({ schema }) => schema === null);
  const later = missing
    .filter(({ name, creatable }) => !creatable && !failing.some(({ found }) => found.includes(` ${name},`)))
    .map(({ name, available }) =>
      available
        ? warning(
            'extensions',
            `${name} is not in this database, its user may not make it, and a migration may use it`,
            `as a superuser there: ${createExtension({ name, schema: 'public' })}`,
          )
        : warning(
            'extensions',
            `${name} is not installed on the server, and a migration may use it`,
            `install its package on the server, or take it out of extensions in shards.yaml`,
          ),
    );
  const told = [...failing, ...later];
  return told.length > 0 ? told : [ok('extensions', config.extensions.join(', '))];
}
