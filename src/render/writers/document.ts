import { EXIT, type ExitCode } from '../../errors.js';
import type { Block } from '../blocks/block.js';
import { printable, withoutUrls } from '../blocks/mask.js';
import { oneLine } from '../blocks/table.js';

/** A report that stands by itself, in a comment or a browser: its blocks, painted by `MARKED`, below a headline. */
export interface Document {
  readonly headline: string;
  readonly blocks: readonly Block[];
}

/** What a headline tells; a command that ended without a report knows no fleet, and perhaps no command. */
export interface Ended {
  readonly command: string | null;
  readonly fleet?: string;
  readonly exitCode: ExitCode;
}

/** `migrate up · fleet bookstore · exit code 20, failed` */
export function headlineOf({ command, fleet, exitCode }: Ended): string {
  const what = command === null ? 'migrate' : `migrate ${command}`;
  const whose = fleet === undefined || fleet === '' ? [] : [`fleet ${fleet}`];
  const word = WORDS.get(exitCode);
  const end = `exit code ${exitCode}${word === undefined ? '' : `, ${word}`}`;
  return [what, ...whose, end].map(safe).join(' · ');
}

const safe = (text: string): string => oneLine(printable(withoutUrls(text)));

/** The names of FORMATS.md, but for 0, which may be `done` as well. */
const WORDS = new Map<ExitCode, string>(
  Object.entries(EXIT)
    .filter(([, code]) => code !== EXIT.clean)
    .map(([name, code]) => [code, name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)]),
);
