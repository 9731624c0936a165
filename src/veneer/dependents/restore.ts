import type { Attachment, CapturedAttachment, CapturedView } from '../../catalog/captured/captured.js';
import {
  display,
  ident,
  literal,
  nameKey,
  qualified,
  type QualifiedName,
} from '../../postgres/identifiers.js';
import { restoreGrants } from './restore-grants.js';

/** What stands above columns whose type changes, read in one moment. */
export interface Captured {
  /** Each after all that it reads. */
  readonly views: readonly CapturedView[];
  /** On relations that stay, and rules of a view above that hold other views. */
  readonly attachments: readonly CapturedAttachment[];
}

/** Statements that belong together, and the object that they are about. */
export interface Piece {
  readonly about: string;
  readonly statements: readonly string[];
  /** The view that they make or drop, where they do: not what somebody has hung on it. */
  readonly view?: QualifiedName;
}

/** Takes away what stands in the way: rules and triggers, then views from the top down. Never CASCADE. Pure. */
export const putAside = ({ views, attachments }: Captured): Piece[] => [
  ...attachments.map((one) => ({
    about: attachmentText(one),
    statements: [`DROP ${one.kind.toUpperCase()} ${ident(one.name)} ON ${qualified(one.table)}`],
  })),
  ...views
    .toReversed()
    .map((view) => ({ about: viewText(view), statements: [`DROP VIEW ${qualified(view)}`], view })),
];

/** Makes it all again: views from the bottom up, then rules and triggers, which may name any of them. Pure. */
export function restore({ views, attachments }: Captured): Piece[] {
  const remade = new Set(views.map(nameKey));
  return [
    ...views.map((view) => ({ about: viewText(view), statements: restoreView(view), view })),
    ...views.map((view) => ({ about: viewText(view), statements: restoreAttached(view) })),
    ...attachments
      .filter(({ table }) => !remade.has(nameKey(table)))
      .map((one) => ({ about: attachmentText(one), statements: restoreAttachment(one) })),
  ].filter(({ statements }) => statements.length > 0);
}

const viewText = (view: CapturedView): string => `view ${display(view)}`;

const attachmentText = ({ kind, name, table }: CapturedAttachment): string =>
  `${kind} ${name} on ${display(table)}`;

function restoreView(view: CapturedView): string[] {
  const name = qualified(view);
  const options = view.options.map((option) => {
    const at = option.indexOf('=');
    return `${ident(option.slice(0, at))} = ${literal(option.slice(at + 1))}`;
  });
  return [
    `CREATE VIEW ${name}${options.length === 0 ? '' : ` WITH (${options.join(', ')})`} AS ${withoutSemicolon(view.definition)}`,
    ...view.columns.flatMap((column) =>
      column.default === null
        ? []
        : [`ALTER VIEW ${name} ALTER COLUMN ${ident(column.name)} SET DEFAULT ${column.default}`],
    ),
    ...comment(`VIEW ${name}`, view.comment),
    ...view.columns.flatMap((column) => comment(`COLUMN ${name}.${ident(column.name)}`, column.comment)),
    `ALTER VIEW ${name} OWNER TO ${ident(view.owner)}`,
    ...restoreGrants(view, name),
  ];
}

const restoreAttached = (view: CapturedView): string[] => [
  ...view.rules.flatMap((rule) => attach('RULE', rule, qualified(view))),
  ...view.triggers.flatMap((trigger) => attach('TRIGGER', trigger, qualified(view))),
];

function restoreAttachment(one: CapturedAttachment): string[] {
  const kind = one.kind === 'rule' ? 'RULE' : 'TRIGGER';
  return [...attach(kind, one, qualified(one.table)), ...enable(kind, one)];
}

const attach = (kind: 'RULE' | 'TRIGGER', { name, definition, comment: text }: Attachment, on: string) => [
  withoutSemicolon(definition),
  ...comment(`${kind} ${ident(name)} ON ${on}`, text),
];

const ENABLED: Readonly<Record<string, string>> = { D: 'DISABLE', R: 'ENABLE REPLICA', A: 'ENABLE ALWAYS' };

/** A view's own are always enabled: ALTER TABLE refuses to change that. */
function enable(kind: 'RULE' | 'TRIGGER', { enabled, name, table, tableKind }: CapturedAttachment): string[] {
  const verb = ENABLED[enabled];
  return verb === undefined ? [] : [`ALTER ${tableKind} ${qualified(table)} ${verb} ${kind} ${ident(name)}`];
}

const comment = (on: string, text: string | null): string[] =>
  text === null ? [] : [`COMMENT ON ${on} IS ${literal(text)}`];

const withoutSemicolon = (sql: string): string => sql.trim().replace(/;$/, '');
