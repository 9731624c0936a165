import { EXIT, VeneerError } from '../../errors.js';

/**
 * A veneer still differs behind the statements that were to bring it in line. Somebody may have changed a table of which we had read
 * before we had its lock: the attempt has learnt which ones it needs, and the next one locks them before it reads them. Where that
 * differs too, it is a fault of ours.
 */
export class UnalignedError extends VeneerError {
  constructor(member: string, left: readonly string[]) {
    super(`${member} would still differ: ${left.join('; ')}`, {
      exitCode: EXIT.bug,
      where: { member },
      hint: 'nothing was committed; this is a fault of pg-veneer, please report it with the migration',
    });
  }
}

/** Says yes to the first difference that is left on a veneer, which may be another session's doing; the next one is a fault of ours. */
export function onceUnaligned(): (error: unknown) => boolean {
  let isOver = false;
  return (error) => {
    if (isOver || !isUnaligned(error)) return false;
    isOver = true;
    return true;
  };
}

/** Is it that, or was it told with the migration that it came from? */
const isUnaligned = (error: unknown): boolean =>
  error instanceof UnalignedError ||
  (error instanceof VeneerError && error.facts.cause instanceof UnalignedError);
