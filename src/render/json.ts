import type { ExitCode, Problem } from '../errors.js';
import type { Progress } from '../report/progress.js';
import type { Report } from '../report/reports.js';
import { mapStrings, withoutUrls } from './blocks/mask.js';

/** A report as one JSON document. */
export const reportJson = (report: Report): string => document(masked(report));

/** The document of a command that ended without a report. `command` is null where none was understood. */
export const failureJson = (failure: FailureFacts): string => document(maskedFailure(failure));

/** What is known of a command that ended without a report. */
export interface FailureFacts {
  readonly command: string | null;
  readonly exitCode: ExitCode;
  readonly problems: readonly Problem[];
}

/** What happened while a command ran, as a line; `at` is when. */
export const eventLine = (event: Progress, at: Date): string => line(mapStrings(event, withoutUrls), at);

/** A report as the last line behind those of its events, or as the only one. */
export const reportLine = (report: Report, at: Date): string =>
  line({ type: 'report', ...masked(report) }, at);

/** The last line of a command that ended without a report. */
export const failureLine = (failure: FailureFacts, at: Date): string =>
  line({ type: 'report', ...maskedFailure(failure) }, at);

function masked(report: Report): Report {
  const all = mapStrings(report, withoutUrls);
  return all.command === 'sandbox' && report.command === 'sandbox' ? { ...all, url: report.url } : all;
}

const maskedFailure = ({ command, exitCode, problems }: FailureFacts): FailureFacts =>
  mapStrings({ command, exitCode, problems }, withoutUrls);

const document = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const line = ({ type, ...rest }: { readonly type: string }, at: Date): string =>
  `${JSON.stringify({ type, at: at.toISOString(), ...rest })}\n`;
