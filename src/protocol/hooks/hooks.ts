import path from 'node:path';
import { type HookConfig, type HooksConfig, type SqlHook } from '../../config/hooks.js';
import { EXIT, problemOf, VeneerError } from '../../errors.js';
import { hookText } from '../../report/hooks.js';
import { runCommandHook } from './hook-command.js';
import { factsJson, type HookEvent, type HookFacts } from './hook-facts.js';
import { hookLimit } from './hook-limit.js';
import { runSqlHook } from './hook-sql.js';
import { secretMask } from '../run/mask-secrets.js';
import type { Run } from '../run/run.js';

const LISTS: Readonly<Record<HookEvent, keyof HooksConfig>> = {
  before_step: 'beforeStep',
  after_step: 'afterStep',
  after_run: 'afterRun',
};

/**
 * Runs the hooks of an event, one after the other; throws what the first one that fails says, and leaves the rest.
 *
 * Never inside a transaction of ours. A hook takes as long as it likes, and locks that readers wait for would be held
 * meanwhile; what it does is not undone when the attempt is rolled back, and an attempt may be one of many; and SQL in
 * our transaction could end it, or make it one that cannot be prepared.
 */
export async function runHooks(run: Run, facts: HookFacts): Promise<void> {
  const hooks = run.config.hooks[LISTS[facts.event]];
  if (hooks.length === 0) return;
  const json = factsJson(run.config, facts);
  for (const hook of hooks) {
    try {
      await runHook(run, hook, facts, json);
    } catch (error) {
      throw failed(run, hook, facts.event, error);
    }
  }
}

async function runHook(run: Run, hook: HookConfig, facts: HookFacts, json: string): Promise<void> {
  const { config, onProgress } = run;
  const limit = hookLimit(run, hook);
  if (hook.kind === 'sql') {
    for (const member of membersFor(run, hook, facts))
      await runSqlHook(run, hook, member, { facts: json, limit });
    return;
  }
  const shard = facts.event === 'after_run' ? null : facts.shards.map(({ shard }) => shard).join(', ');
  await runCommandHook(hook, {
    cwd: path.dirname(config.file),
    facts: json,
    limit,
    mask: secretMask(config),
    onLine: (text) => onProgress({ type: 'hook', event: facts.event, shard, text }),
  });
}

/** Where its SQL runs. A run that could not reach a shard has ended without it: so does its hook. */
function membersFor({ config, unreachable }: Run, { on }: SqlHook, facts: HookFacts): readonly string[] {
  switch (on.kind) {
    case 'shards':
      return facts.shards.map(({ shard }) => shard).filter((shard) => !unreachable.has(shard));
    case 'veneers':
      return config.veneers.map(({ name }) => name);
    case 'member':
      return [on.name];
  }
}

function failed(run: Run, hook: HookConfig, event: HookEvent, error: unknown): VeneerError {
  const { message, exitCode, hint, ...facts } = problemOf(error);
  const text = hookText(hook, secretMask(run.config));
  return new VeneerError(`the ${event} hook failed: ${message} (${text})`, {
    ...facts,
    // What a hook ran into is no fault of ours, and says nothing about the members of a step.
    exitCode: exitCode === EXIT.interrupted ? exitCode : EXIT.failed,
    hint: [hint, NEXT[event]].filter(Boolean).join('; '),
    cause: error,
  });
}

const NEXT: Readonly<Record<HookEvent, string>> = {
  before_step: 'repair it, or take it out of hooks in shards.yaml, and type the command again',
  after_step: 'what it was to do is not done; what comes next is run by the same command, without that step',
  after_run: 'what it was to do is not done; the run itself is what the report says',
};
