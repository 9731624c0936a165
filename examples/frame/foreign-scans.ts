import type { Connection, DemoShell } from '../../src/sandbox/demo-shell.js';

/** EXPLAIN that names what is asked of other servers, for {@link foreignScans}. */
export const explain = (sql: string): string => `EXPLAIN (VERBOSE, COSTS OFF) ${sql}`;

/**
 * What each Foreign Scan of a plan asks one server for: a table, or, where a join is pushed down, the relations that the
 * server joins, as postgres_fdw says them.
 */
export function foreignScans(plan: readonly Record<string, unknown>[]): readonly string[] {
  const lines = plan.map((row) => String(row['QUERY PLAN']).trim());
  return lines.flatMap((line, index) => {
    const scan = /Foreign Scan(?: on (.*))?$/.exec(line);
    if (scan === null) return [];
    const relations = lines.slice(index).find((below) => below.startsWith('Relations: '));
    return [scan[1] ?? relations?.slice('Relations: '.length) ?? ''];
  });
}

/** Prints a query's plan as part of a story; answers its foreign scans. */
export async function showScans(shell: DemoShell, who: Connection, sql: string): Promise<readonly string[]> {
  return foreignScans(await shell.query(who, explain(sql)));
}
