import type { Problem, Where } from '../../errors.js';
import { mapStrings, printable, withoutUrls } from './mask.js';
import type { Style } from './style.js';
import { oneLine } from './table.js';

/**
 * The one message builder: what happened, where, what PostgreSQL added, what to do next; in this order, what is not
 * known is left out.
 */
export function problemLines(problem: Problem, style: Style): readonly string[] {
  const { message, where, detail, hint, sqlstate } = mapStrings(problem, (text) =>
    printable(withoutUrls(text)),
  );
  const [first = '', ...rest] = message.split('\n');
  const state = sqlstate === undefined ? '' : style.dim(` [${sqlstate}]`);
  return [
    `${style.red('error:')} ${style.bold(first)}${state}`,
    ...rest.map((line) => `  ${line}`),
    ...(where === undefined ? [] : whereLines(where)),
    ...labelled('detail', detail),
    ...labelled('hint', hint),
  ];
}

function whereLines(where: Where): readonly string[] {
  const text = whereText(where);
  return text === '' ? [] : [`  at ${text}`];
}

/** `shard2 · tenant cyberdyne · migrations/20260102000000_books.sql:12:8` */
export function whereText({ member, tenant, migration, file, line, column }: Where): string {
  const place = [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined);
  return [
    member,
    tenant === undefined ? undefined : `tenant ${tenant}`,
    file === undefined ? migration : place.join(':'),
  ]
    .filter((part) => part !== undefined)
    .map(oneLine)
    .join(' · ');
}

function labelled(label: string, text: string | undefined): readonly string[] {
  if (text === undefined || text === '') return [];
  const [first = '', ...rest] = text.trimEnd().split('\n');
  return [`  ${label}: ${first}`, ...rest.map((line) => `    ${line}`)];
}
