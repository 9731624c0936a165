import { runnerKilled } from '../support/crash-matrix.js';
import type { Point } from '../support/crash-points.js';

const part = {
  order: 'one shard after the other',
  protocol: 'two-phase',
} as const;

const isPastIntent = ({ name }: Point): boolean => /intent|prepare|commit|close/.test(name);

/** What an ordinary run goes through stands first; `npm run test:crash` goes through all of it, at every point. */
await runnerKilled([
  // Several attempts are under way when the run dies.
  {
    ...part,
    kind: 'add column',
    order: 'shards side by side',
    choose: (point) => point.occurrence > 1 && isPastIntent(point),
  },
  {
    ...part,
    kind: 'add column',
    order: 'shards side by side',
    protocol: 'lock-step',
    choose: (point) => point.occurrence > 1 && isPastIntent(point),
  },
  // Four databases commit together: three shards, and the veneer once.
  {
    ...part,
    kind: 'add column',
    order: 'all shards in one step',
    choose: (point) => isPastIntent(point) && point.name.startsWith('after'),
  },
  // The shard has committed and the veneer has not: its types are changed by the replay of the intent.
  {
    ...part,
    kind: 'change types',
    protocol: 'lock-step',
    choose: ({ shard, name }) => shard === 'shard2' && /^(after intent|\w+ commit|before close)/.test(name),
  },
  { ...part, kind: 'change types' },
  // The last shard; what was dropped must not come back.
  { ...part, kind: 'drop table', choose: (point) => point.shard === 'shard3' && isPastIntent(point) },
  // The first shard to run a migration: its veneer is locked only when the shard is through.
  { ...part, kind: 'create table' },
  // Later shards know what will change, and lock it on the veneer first.
  { ...part, kind: 'rename column' },
  { ...part, kind: 'rename column', protocol: 'lock-step' },
  // No veneer takes part, and one server commits alone.
  { ...part, kind: 'count rows' },
  { ...part, kind: 'create index' },
]);
