import type { Path } from '../text/document.js';
import { DURATION, readDuration } from '../text/duration.js';
import type { CommandHook, HookConfig, HookPlace, HooksConfig } from '../hooks.js';
import { didYouMean } from '../text/nearest.js';
import type { Reading } from './reading.js';
import type { FleetFile } from '../schema/schema.js';
import type { Loose } from '../schema/validate.js';

type WrittenHooks = NonNullable<Loose<FleetFile>['hooks']>;
type WrittenHook = NonNullable<NonNullable<WrittenHooks['before_step']>[number]>;

/**
 * The hooks as they are written. Nothing is filled in: a value of the environment would end up in a command line that
 * everybody on the machine can read, or as text in SQL.
 */
export function resolveHooks({ hooks = {} }: Loose<FleetFile>, reading: Reading): HooksConfig {
  const read = (event: keyof WrittenHooks): readonly HookConfig[] =>
    (hooks[event] ?? []).flatMap((hook, at) =>
      hook === undefined ? [] : (resolveHook(reading, ['hooks', event, at], hook) ?? []),
    );
  return {
    beforeStep: read('before_step'),
    afterStep: read('after_step'),
    afterRun: read('after_run'),
  };
}

/** One of both; null where it is neither (which is then noted). */
function resolveHook(reading: Reading, path: Path, written: WrittenHook): HookConfig | null {
  const { sql, on } = written;
  const command = commandOf(written.command);
  const timeoutMs = resolveTimeout(reading, path, written.timeout);
  if (sql === undefined) {
    if (on !== undefined) reading.refuse([...path, 'on'], 'on is for sql; a command runs here', 'key');
    if (command !== null) return { kind: 'command', command, timeoutMs };
    // A misfit that was taken out left its key.
    if (!('command' in written || 'sql' in written))
      reading.refuse(path, 'expected a map with command, or with sql and on');
    return null;
  }
  if (command !== null) reading.refuse([...path, 'command'], 'a hook is sql or a command, not both', 'key');
  if (on !== undefined) return { kind: 'sql', sql, on: resolvePlace(reading, path, on), timeoutMs };
  if (!('on' in written))
    reading.refuse([...path, 'sql'], 'expected on beside it: shards, veneers or the name of a member');
  return null;
}

function commandOf(command: WrittenHook['command']): CommandHook['command'] | null {
  if (command === undefined || typeof command === 'string') return command ?? null;
  const [program, ...words] = command.filter((word) => word !== undefined);
  return program === undefined ? null : [program, ...words];
}

function resolvePlace(reading: Reading, path: Path, on: string): HookPlace {
  const veneers = reading.keysOf(['veneers']);
  if (on === 'shards') return { kind: 'shards' };
  if (on === 'veneers' && veneers.length > 0) return { kind: 'veneers' };
  const members = [...veneers, ...reading.keysOf(['shards'])];
  if (!members.includes(on)) {
    const hint = didYouMean(on, ['shards', 'veneers', ...members]);
    const message =
      on === 'veneers' ? 'this fleet has no veneer' : `no member of this fleet is called ${on}${hint}`;
    reading.refuse([...path, 'on'], message);
  }
  return { kind: 'member', name: on };
}

const DEFAULT_TIMEOUT_MS = 60_000;

function resolveTimeout(reading: Reading, path: Path, text: string | undefined): number {
  const ms = text === undefined ? DEFAULT_TIMEOUT_MS : readDuration(text);
  if (ms === null) reading.refuse([...path, 'timeout'], `expected ${DURATION}, got another text`);
  return ms ?? DEFAULT_TIMEOUT_MS;
}
