import type { Problem } from '../errors.js';
import type { Report } from '../report/reports.js';
import { problemLines } from './blocks/problem.js';
import { MARKED, type Style } from './blocks/style.js';
import type { Format } from './format.js';
import { failureJson, failureLine, reportJson, reportLine, type FailureFacts } from './json.js';
import { statusMetrics } from './metrics/status-metrics.js';
import { reportBlocks, reportText } from './report-text.js';
import { headlineOf, type Document } from './writers/document.js';
import { htmlOf } from './writers/html.js';
import { markdownOf } from './writers/markdown.js';

/** How a text looks, and when what is told was so. */
interface Circumstances {
  readonly style: Style;
  readonly at: Date;
}

/** A report in one of the forms, passwords masked in each. A report without metrics has none as `prometheus`: it is empty. */
export function reportIn(format: Format, report: Report, { style, at }: Circumstances): string {
  switch (format) {
    case 'text':
      return reportText(report, style);
    case 'json':
      return reportJson(report);
    case 'ndjson':
      return reportLine(report, at);
    case 'markdown':
      return markdownOf(documentOf(report));
    case 'html':
      return htmlOf(documentOf(report));
    case 'prometheus':
      return report.command === 'status' ? statusMetrics(report, at) : '';
  }
}

const documentOf = (report: Report): Document => ({
  headline: headlineOf(report),
  blocks: reportBlocks(report, MARKED),
});

/** A command that ended without a report: what its forms tell of it, and what a person is told. */
export interface Failure extends FailureFacts {
  readonly problem: Problem;
}

/** Null where the form has no place for a failure: metrics grow old instead. */
export function failureIn(format: Format, failure: Failure, { style, at }: Circumstances): string | null {
  switch (format) {
    case 'text':
      return `${problemLines(failure.problem, style).join('\n')}\n`;
    case 'json':
      return failureJson(failure);
    case 'ndjson':
      return failureLine(failure, at);
    case 'markdown':
      return markdownOf(failureDocument(failure));
    case 'html':
      return htmlOf(failureDocument(failure));
    case 'prometheus':
      return null;
  }
}

const failureDocument = ({ command, exitCode, problem }: Failure): Document => ({
  headline: headlineOf({ command, exitCode }),
  blocks: [problemLines(problem, MARKED)],
});
