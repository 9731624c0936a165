import type { MemberStatus } from '../../report/status.js';
import type { Block } from './block.js';
import { indentedProblem } from './footer.js';
import type { Style } from './style.js';
import { names } from './words.js';

/** The members that have something to tell: away, with a problem, or not set up. */
export function memberBlocks(members: readonly MemberStatus[], style: Style): readonly Block[] {
  const away = members.filter(({ reachable }) => !reachable);
  const troubled = members.filter(({ reachable, problem }) => reachable && problem !== null);
  const bare = members.filter(({ reachable, setUp }) => reachable && !setUp).map(({ member }) => member);
  const reasons = [...away, ...troubled].flatMap(({ problem }) => indentedProblem(problem, style));
  const head = style.bold(`unreachable: ${names(away.map(({ member }) => member))}`);
  return [
    [...(away.length > 0 ? [head] : []), ...reasons],
    bare.length > 0 ? [`${style.bold('not set up:')} ${names(bare)} (migrate setup)`] : [],
  ];
}
