import type { Drift } from '../report/drift/drift.js';
import type { WhyLocal, WhyRelation, WhyReport, WhyRule, WhyTenant } from '../report/why.js';
import { limitText } from '../report/writes.js';
import { driftBlock } from './blocks/drift.js';
import type { Block } from './blocks/block.js';
import { footerBlocks } from './blocks/footer.js';
import type { Style } from './blocks/style.js';
import { oneLine, tableLines, type Cell } from './blocks/table.js';
import { plural } from './blocks/words.js';
import { kindText, nameText, sourceText, stateText } from './why-words.js';

/** So many answers are told whole; more are a table. */
const MOST_WHOLE = 3;

/** The tenant; each relation whole, or many of them in a table; what differs; what veneers have themselves. */
export function whyBlocks(report: WhyReport, style: Style): readonly Block[] {
  const { meant, tenants, relations, locals } = report;
  const isTable = meant === 'tenant' || relations.length > MOST_WHOLE;
  return [
    ...(isTable
      ? [
          tenants.map((tenant) => tenantLine(tenant, style)),
          meant === 'tenant' && relations.length === 0
            ? [report.exitCode === 0 ? 'it has no relation yet' : 'nothing is known of its relations']
            : tableLines(
                relations.map((one) => relationRow(one, meant === 'relation', style)),
                ['relation', 'shown', 'veneer', 'state', 'rule', 'INSERTs'],
              ),
        ]
      : relations.map((one) => wholeBlock(one, tenants, style))),
    driftBlock(each([...relations, ...locals].flatMap(({ drift }) => drift)), style),
    ...locals.map((local) => localBlock(local, style)),
    ...footerBlocks(report, [], style),
  ];
}

/** A server, or a user mapping, is told once for all relations. */
const each = (drift: readonly Drift[]): Drift[] => [
  ...new Map(
    drift.map((one) => [JSON.stringify({ ...one, where: { ...one.where, tenant: null } }), one]),
  ).values(),
];

const tenantLine = ({ tenant, shard, member, schema, server }: WhyTenant, style: Style): string =>
  `${style.bold(`tenant ${oneLine(tenant)}`)}: schema ${oneLine(schema)} on ${oneLine(member === shard ? shard : `${shard}, member ${member}`)}, server ${oneLine(server)}`;

/** `isNamed`: relations of one name, which members tell apart; a tenant has one member. */
function relationRow(one: WhyRelation, isNamed: boolean, style: Style): readonly Cell[] {
  const { veneer, member, remote, shownAs, rule, state, writes } = one;
  return [
    { text: `  ${nameText(remote)}${isNamed ? ` on ${oneLine(member)}` : ''}` },
    { text: shownAs === null ? '' : `as ${nameText(shownAs)}` },
    { text: veneer ?? '' },
    { text: state, paint: paintOf(state, style) },
    { text: rule === null ? '' : lineText(rule), paint: style.dim },
    { text: writes.length === 0 ? '' : `INSERTs: ${plural(writes.length, 'limit')}`, paint: style.dim },
  ];
}

const paintOf = (state: WhyRelation['state'], style: Style) =>
  state === 'in line' ? style.green : state === 'differs' || state === 'not read' ? style.red : style.yellow;

function wholeBlock(one: WhyRelation, tenants: readonly WhyTenant[], style: Style): Block {
  const { veneer, remote, shownAs, server, state, writes } = one;
  const tenant = tenants.find((other) => other.tenant === one.tenant);
  const title = nameText(shownAs ?? one.table ?? remote);
  const on = veneer === null ? '' : style.dim(`  on ${oneLine(veneer)}`);
  return [
    `${style.bold(title)}${on}  ${paintOf(state, style)(stateText(one))}`,
    ...row('of', sourceText(one)),
    ...row('tenant', tenant === undefined ? "none: it is the shard's own" : oneLine(tenant.tenant)),
    ...row('rule', ruleText(one.rule)),
    ...(veneer === null || state === 'own' ? [] : [...row('server', oneLine(server)), ...standing(one)]),
    ...roleLines(one),
    ...writes.map((limit) => row('INSERTs', oneLine(limitText(limit)))).flat(),
  ];
}

const row = (label: string, text: string): readonly string[] => [`  ${label.padEnd(8)}${text}`];

function standing({ table, shownAs, state }: WhyRelation): readonly string[] {
  if (table === null) return state === 'not read' ? [] : row('stands', 'no foreign table');
  const options = Object.entries(table.options).map(([key, value]) => `${key} ${value}`);
  const name = shownAs !== null && nameText(shownAs) === nameText(table) ? '' : ` ${nameText(table)}`;
  return row(
    'stands',
    oneLine(
      `foreign table${name}, owner ${table.owner}${table.parent === null ? '' : `, partition of ${nameText(table.parent)}`}; ${options.length === 0 ? 'no options' : options.join(', ')}`,
    ),
  );
}

function roleLines({ roles }: WhyRelation): Block {
  const rows = roles.map(({ role, privileges, user, mapping, there }): readonly Cell[] => [
    { text: '  role  ' },
    { text: role },
    { text: privileges.length === 0 ? 'may do nothing' : privileges.join(', ') },
    {
      text: `as ${user}${mapping === 'missing' ? ', by no user mapping' : mapping === 'different' ? ', by a mapping that differs' : ''}`,
    },
    {
      text:
        there === null ? '' : there.length === 0 ? 'who may do nothing there' : `there ${there.join(', ')}`,
    },
  ]);
  return tableLines(rows, ['', 'role', 'may', 'as', 'there']);
}

const lineText = ({ line, except }: WhyRule): string =>
  `${line === null ? 'default rule' : `shards.yaml:${line}`}${except === null ? '' : `, except ${except}`}`;

const ruleText = (rule: WhyRule | null): string =>
  rule === null ? 'none exposes it' : oneLine(`${lineText(rule)}: ${rule.from} as ${rule.as}`);

function localBlock({ veneer, local, kind, what, rule }: WhyLocal, style: Style): Block {
  const role =
    what === 'its own'
      ? 'no rule has to do with it'
      : `${what === 'union view' ? 'the view over all tenants' : 'what foreign tables are partitions of'} by ${rule === null ? 'a rule' : lineText(rule)}`;
  return [
    `${style.bold(nameText(local))}${style.dim(`  on ${oneLine(veneer)}`)}  ${kind === null ? style.red('does not exist') : `${kindText(kind)} of the veneer itself`}`,
    `  ${oneLine(role)}`,
  ];
}
