import type { PhaseTime } from '../../report/history.js';
import type { StepPhase } from '../../report/progress.js';

/** Notes when a step entered each of its phases. */
export interface PhaseClock {
  note(phase: StepPhase, why?: string): void;
  /** The phases so far, and the milliseconds since the step began. */
  read(): { readonly phases: readonly PhaseTime[]; readonly ms: number };
}

export function startPhaseClock(): PhaseClock {
  const began = performance.now();
  const phases: PhaseTime[] = [];
  const elapsed = (): number => Math.round(performance.now() - began);
  return {
    note(phase, why) {
      // 'running' is told again for each tenant that is done.
      if (phases.at(-1)?.phase === phase) return;
      phases.push({ phase, ms: elapsed(), ...(why === undefined ? {} : { why }) });
    },
    read: () => ({ phases: [...phases], ms: elapsed() }),
  };
}
