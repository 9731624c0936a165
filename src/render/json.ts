import type { ExitCode, Problem } from '../errors.js';
import type { Report } from '../report/reports.js';
import { mapStrings, withoutUrls } from './blocks/mask.js';

/** A report as one JSON document. */
export function reportJson(report: Report): string {
  const masked = mapStrings(report, withoutUrls);
  return document(report.command === 'sandbox' ? { ...masked, url: report.url } : masked);
}

/** The document of a command that ended without a report. `command` is null where none was understood. */
export function failureJson(
  command: string | null,
  exitCode: ExitCode,
  problems: readonly Problem[],
): string {
  return document(mapStrings({ command, exitCode, problems }, withoutUrls));
}

const document = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
