import {
  Listr,
  type ListrTask,
  type ListrTaskWrapper,
  type DefaultRenderer,
  type SimpleRenderer,
} from 'listr2';
import type { ShardState } from '../../report/progress.js';

/** Rows on a terminal, one per shard. */
export interface ShardList {
  /** False where the shard has no row. */
  readonly update: (shard: string, title: string) => boolean;
  readonly finish: (shard: string, state: ShardState, title: string) => boolean;
  /** Shows a sentence below the first row that is still at work. */
  readonly say: (text: string) => boolean;
  /** Ends the rows that are left, and resolves when the terminal is free again. */
  readonly end: () => Promise<void>;
}

type Wrapper = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>;

interface Row {
  readonly shard: string;
  title: string;
  task: Wrapper | null;
  readonly ended: Promise<ShardState>;
  readonly finish: (state: ShardState) => void;
  isOpen: boolean;
}

/**
 * Starts drawing. listr2 owns neither concurrency nor failure here: each of its tasks only waits for the event that
 * ends its shard, all of them at once, and a row that throws is how listr2 is told to draw ✖.
 */
export function startShardList(
  shards: readonly { readonly shard: string; readonly title: string }[],
): ShardList {
  const rows = new Map(shards.map(({ shard, title }) => [shard, makeRow(shard, title)]));
  const list = new Listr<unknown>([...rows.values()].map(taskOf), {
    concurrent: true,
    exitOnError: false,
    registerSignalListeners: false,
    rendererOptions: {
      formatOutput: 'truncate',
      showErrorMessage: false,
      collapseSkips: true,
      showSkipMessage: false,
    },
  });
  const running = list.run().catch(() => undefined);
  const update = (shard: string, title: string): boolean => {
    const row = rows.get(shard);
    if (row === undefined) return false;
    row.title = title;
    if (row.task !== null) row.task.title = title;
    return true;
  };
  const finish = (shard: string, state: ShardState, title: string): boolean => {
    const known = update(shard, title);
    rows.get(shard)?.finish(state);
    return known;
  };
  return {
    update,
    finish,
    say: (text) => sayBelow([...rows.values()], text),
    end: async () => {
      for (const row of rows.values()) row.finish('not started');
      await running;
    },
  };
}

function makeRow(shard: string, title: string): Row {
  const { promise, resolve } = withResolvers<ShardState>();
  const row: Row = {
    shard,
    title,
    task: null,
    ended: promise,
    isOpen: true,
    finish: (state) => {
      row.isOpen = false;
      resolve(state);
    },
  };
  return row;
}

function taskOf(row: Row): ListrTask<unknown, typeof DefaultRenderer, typeof SimpleRenderer> {
  return {
    title: row.title,
    task: async (_context, task) => {
      row.task = task;
      task.title = row.title;
      const state = await row.ended;
      if (BAD.has(state)) throw new Error(state);
      if (!GOOD.has(state)) task.skip();
    },
  };
}

const GOOD: ReadonlySet<ShardState> = new Set(['done', 'up to date']);
const BAD: ReadonlySet<ShardState> = new Set(['failed', 'in doubt', 'unreachable']);

function sayBelow(rows: readonly Row[], text: string): boolean {
  const task = rows.find((row) => row.isOpen && row.task !== null)?.task ?? null;
  if (task === null) return false;
  task.output = text;
  return true;
}

/** Promise.withResolvers, which Node 20 does not have. */
function withResolvers<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((given) => (resolve = given));
  return { promise, resolve };
}
