import { groupBy } from '../../group-by.js';
import { interruptedText, type Plan } from '../../migrations/plan/plan.js';
import { NOTHING_SHOWN, type MappingStatus } from '../../report/drift/drift-of-servers.js';
import type { StatusFacts } from './status-facts.js';

/** What is no problem and worth reading: what was begun, who is at work, which protocol is left, which user mappings nobody could look at. Pure. */
export const noticesOf = (facts: StatusFacts, plan: Plan, mappings: readonly MappingStatus[]): string[] => [
  ...facts.config.leftOut.map(({ name }) => `${name} was left out: nothing is known of it`),
  ...begunNotices(facts, plan),
  ...runnerNotices(facts),
  ...facts.lockStep,
  ...mappingNotices(mappings),
];

/** A run holds its lock on every veneer; without veneers its shards tell. */
export const isAtWork = ({ veneerFacts, shardFacts }: StatusFacts): boolean =>
  [...veneerFacts.values(), ...shardFacts.values()].some(({ runner }) => runner !== null);

function begunNotices(facts: StatusFacts, { interrupted }: Plan): string[] {
  const runner = isAtWork(facts) ? 'at work' : 'none';
  return interrupted.map((one) => interruptedText(one, runner));
}

function runnerNotices(facts: StatusFacts): string[] {
  const { veneerFacts, shardFacts } = facts;
  const alone = facts.config.veneers.length > 0 ? [] : [...shardFacts.values()].slice(0, 1);
  const members = [
    ...veneerFacts.values(),
    ...alone.map(({ shard, runner }) => ({ name: shard.name, runner })),
  ];
  return members.flatMap(({ name, runner }) =>
    runner === null
      ? []
      : [
          `a runner is at work on ${name} (${runner.application_name ?? `pid ${runner.pid}`}, since ${runner.since}): what is shown may be changing`,
        ],
  );
}

/** Mappings that could not be compared, whether they work at all, and those of which not even that is known. */
function mappingNotices(mappings: readonly MappingStatus[]): string[] {
  const there = mappings.filter(({ definition }) => definition !== 'missing');
  return [...groupBy(there, ({ veneer }) => veneer)].flatMap(([veneer, all]) => {
    const hidden = all.filter(({ definition }) => definition === 'not readable');
    const working = hidden.filter(({ works }) => works === 'yes').length;
    const compared = all.filter(({ definition }) => definition !== 'not readable');
    return [
      ...(hidden.length === 0
        ? []
        : [
            [
              `${veneer}: ${hidden.length} user mappings are not readable by this user, and were not compared`,
              ...(working === 0 ? [] : [`${working} of them work`]),
              ...untried(hidden),
            ].join('; '),
          ]),
      ...untried(compared).map((text) => `${veneer}: ${text}`),
    ];
  });
}

const untried = (mappings: readonly MappingStatus[]): string[] =>
  [
    ...groupBy(
      mappings.filter(({ works, why }) => works === 'not probed' && why !== NOTHING_SHOWN),
      ({ why }) => why,
    ),
  ].map(([why, list]) => `whether ${list.length} of them work was not probed: ${why}`);
