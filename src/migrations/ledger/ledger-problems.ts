import { EXIT, type Problem } from '../../errors.js';
import { groupBy } from '../../group-by.js';
import { labelOf, type Migration } from '../migration.js';
import type { Subject } from './ledger-subjects.js';

/** Something between files and ledger that forbids to run, as one subject has it. */
export interface SubjectProblem {
  readonly kind: 'edited' | 'missing' | 'begun and missing' | 'out of order' | 'below another';
  /** Its label. */
  readonly migration: string;
  /** The tenant, shard or veneer. */
  readonly subject: string;
  readonly file: string | undefined;
}

export const problemOfFile = (
  kind: SubjectProblem['kind'],
  migration: Migration,
  { name }: Subject,
): SubjectProblem => ({ kind, migration: labelOf(migration), subject: name, file: migration.file });

/** Of an entry whose file is gone. */
export const missingProblem = (
  subject: Subject,
  { migration, state }: { readonly migration: string; readonly state: 'applied' | 'running' },
): SubjectProblem => ({
  kind: state === 'applied' ? 'missing' : 'begun and missing',
  migration: labelOf({ scope: subject.scope, name: migration }),
  subject: subject.name,
  file: undefined,
});

const TEXTS: Readonly<Record<SubjectProblem['kind'], { readonly message: string; readonly hint: string }>> = {
  edited: {
    message: 'was edited after it was applied',
    hint: 'restore the file, and write the change as a new migration; or migrate ledger accept, where it changes nothing',
  },
  missing: { message: 'was applied, but its file is missing', hint: 'restore the file' },
  'begun and missing': {
    message: 'was interrupted half way, and its file is missing',
    hint: 'restore the file, so that migrate up can bring it to its end',
  },
  'out of order': {
    message: 'sorts before a migration that was applied already',
    hint: 'give it a later timestamp, or set policy.out_of_order to allow or ignore',
  },
  'below another': {
    message:
      'cannot be taken down: what comes after it is applied, and is not taken down with this selection',
    hint: 'take both down: select the whole shard, or the whole fleet where a veneer migration comes after it',
  },
};

/** One problem per migration and kind, with its subjects, however many share it. */
export function mergeProblems(problems: readonly SubjectProblem[]): Problem[] {
  return [...groupBy(problems, (one) => `${one.kind} ${one.migration}`).values()].map((group) => {
    const first = group[0] as SubjectProblem;
    return {
      message: `${first.migration} ${TEXTS[first.kind].message} (${fewOf(group.map(({ subject }) => subject))})`,
      exitCode: EXIT.failed,
      where: { migration: first.migration, ...(first.file === undefined ? {} : { file: first.file }) },
      hint: TEXTS[first.kind].hint,
    };
  });
}

/** Some of the names, and how many more there are. */
export const fewOf = (names: readonly string[]): string =>
  names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');
