import { EXIT, type ExitCode } from '../errors.js';
import { quickAnswer } from './quick-answer.js';
import { loadClient } from './load-client.js';
import { answerText } from './terminal/standard-output.js';
import { surviveLostOutput } from './terminal/terminal.js';

/** argv → command → report → text → exit code. Never throws; loads only what the command at hand needs. */
export async function main(argv: readonly string[]): Promise<void> {
  const closed = new AbortController();
  surviveLostOutput(() => closed.abort());
  try {
    process.exitCode = await answer(argv, closed.signal);
  } catch (error) {
    const { reportFailure } = await import('./ending/report-failure.js');
    const { formatAsked } = await import('./output/choice.js');
    const { outletFor } = await import('./output/outlet.js');
    const format = formatAsked(argv);
    process.exitCode = reportFailure(error, {
      command: null,
      outlet: outletFor({ format, shown: format }, null),
    });
  }
}

async function answer(argv: readonly string[], closed: AbortSignal): Promise<ExitCode> {
  const quick = quickAnswer(argv);
  if (quick !== null) {
    answerText(quick);
    return EXIT.clean;
  }
  await loadClient();
  const { perform } = await import('./perform.js');
  return perform(argv, closed);
}
