import { ident, literal } from '../../postgres/identifiers.js';

/**
 * What the comment on a tenant's database says of it, while it is not simply a tenant's: made and not in use yet, or shown no
 * more and not dropped yet. Comments of others are none of ours.
 */
export interface Mark {
  readonly kind: 'made' | 'dropped';
  readonly run: string;
  readonly fleet: string;
}

const TEXTS = { made: 'made, and not in use yet', dropped: 'dropped, but for the database itself' } as const;

const markText = ({ kind, run, fleet }: Mark): string =>
  `pg-veneer: ${TEXTS[kind]}: run ${run} of fleet ${fleet}`;

/** The mark that a comment is; null where it is none. Pure. */
export function markOf(comment: string | null): Mark | null {
  const [, text, run = '', fleet = ''] =
    /^pg-veneer: (.*): run (\S+) of fleet (\S+)$/.exec(comment ?? '') ?? [];
  const kind = (['made', 'dropped'] as const).find((one) => TEXTS[one] === text);
  return kind === undefined ? null : { kind, run, fleet };
}

/** Part of a step, or run by the database's owner: with the commit the mark says so, or is gone. */
export const markStatement = ({ database }: { readonly database: string }, mark: Mark | null): string =>
  `COMMENT ON DATABASE ${ident(database)} IS ${mark === null ? 'NULL' : literal(markText(mark))}`;
