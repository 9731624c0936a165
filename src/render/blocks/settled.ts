import { behindText, type SettledAttempt } from '../../report/settled-attempt.js';
import type { Block } from './block.js';
import type { Style } from './style.js';
import { names } from './words.js';

/** What became of the attempts that an earlier run left. */
export function settledBlock(settled: readonly SettledAttempt[], style: Style): Block {
  if (settled.length === 0) return [];
  const lines = settled.flatMap((attempt) => {
    const { migration, step, members, ending, detail, hint } = attempt;
    const behind = behindText(attempt);
    const what = `  ${migration ?? `step ${step}`} on ${names(members)}: `;
    const bad = ending === 'in doubt' || detail !== null || behind !== null;
    return [
      `${what}${(bad ? style.red : style.green)(ending)}`,
      ...[behind, detail, hint].flatMap((text) => (text === null ? [] : [`    ${text}`])),
    ];
  });
  return ['left by an earlier run:', ...lines];
}
