import { StringDecoder } from 'node:string_decoder';

/** What a hook prints goes to a person's screen: lines that are told of it, and characters of each. */
const MOST_LINES = 200;
const LONGEST_LINE = 2_000;
/** Characters that are kept of a line without an end: more than are shown, so that no secret is cut before it is masked. */
const LONGEST_REST = 64_000;
/** Its last lines, for the problem of one that fails. */
const LAST_LINES = 10;

/** Takes a hook's output apart into lines, however it arrives. */
export interface HookOutput {
  readonly write: (chunk: Buffer) => void;
  /** What stands behind the last line end. */
  readonly end: () => void;
  readonly lastLines: () => readonly string[];
}

/** `onLine` gets the first lines, masked and cut, and one that says where the rest is left out. */
export function hookOutput(mask: (text: string) => string, onLine: (line: string) => void): HookOutput {
  const decoder = new StringDecoder('utf8');
  const last: string[] = [];
  let told = 0;
  let rest = '';
  const take = (written: string): void => {
    const line = cut(mask(written.trimEnd()));
    last.push(line);
    if (last.length > LAST_LINES) last.shift();
    if (told++ < MOST_LINES) onLine(line);
    else if (told === MOST_LINES + 1) onLine(`… only the first ${MOST_LINES} lines are shown`);
  };
  return {
    write: (chunk) => {
      const lines = (rest + decoder.write(chunk)).split('\n');
      // Without a line end for ever it would fill our memory.
      rest = (lines.pop() ?? '').slice(0, LONGEST_REST);
      lines.forEach(take);
    },
    end: () => {
      if (rest !== '') take(rest);
      rest = '';
    },
    lastLines: () => last,
  };
}

const cut = (text: string): string =>
  text.length <= LONGEST_LINE ? text : text.slice(0, LONGEST_LINE).replace(/[\uD800-\uDBFF]$/, '');
