import type { WhyRelation } from '../report/why.js';
import { oneLine } from './blocks/table.js';

const KINDS: Readonly<Record<NonNullable<WhyRelation['kind']>, string>> = {
  r: 'table',
  p: 'partitioned table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
};

/** What a relation is, in a word. */
export const kindText = (kind: WhyRelation['kind']): string => (kind === null ? 'relation' : KINDS[kind]);

/** `cyberdyne.books`; what a dot or a blank would make unclear is quoted. */
export const nameText = ({ schema, name }: { readonly schema: string; readonly name: string }): string =>
  `${part(schema)}.${part(name)}`;

const part = (word: string): string =>
  /^[\p{L}\p{N}_$-]+$/u.test(word) ? word : oneLine(`"${word.replaceAll('"', '""')}"`);

/** The answer in one sentence. */
export function stateText(one: WhyRelation): string {
  const { state, rule } = one;
  switch (state) {
    case 'in line':
      return 'shown, and what the shard has';
    case 'differs':
      return differenceText(one);
    case 'excepted':
      return `not shown: left out by except ${rule?.except ?? ''}`;
    case 'no rule':
      return 'not shown: no expose rule takes it';
    case 'partition':
      return 'not shown by itself: a partition, which its parent shows, and no rule names it';
    case 'own':
      return 'not shown: the veneer has it itself';
    case 'no veneer':
      return 'not shown: the fleet has no veneer';
    case 'not read':
      return 'not known: it could not be compared';
  }
}

function differenceText({ kind, member, shownAs, rule, table }: WhyRelation): string {
  if (kind === null) return `stands there, and ${oneLine(member)} has no such relation`;
  if (shownAs === null)
    return rule?.except === null || rule === null
      ? 'stands there, and no expose rule names it'
      : `stands there, though except ${oneLine(rule.except)} leaves it out`;
  return table === null
    ? 'is to be shown, and is not'
    : 'shown, and differs from the shard, or from shards.yaml';
}

/** What it is on the shard. */
export function sourceText({ kind, member, remote, state }: WhyRelation): string {
  const place = `${nameText(remote)} on ${oneLine(member)}`;
  if (kind !== null) return `${kindText(kind)} ${place}`;
  return state === 'not read' ? `${place}, which was not asked` : `${place}, which is not there`;
}
