import type { Environment } from '../text/environment.js';
import type { Path } from '../text/document.js';
import { fillPart, type Filled } from '../text/fill.js';
import type { Reading } from './reading.js';
import { parseTemplate, type Part } from '../text/template.js';

/**
 * A pattern of an expose rule with its variables filled in, once for the whole fleet: its `{words}` stay, also those of a
 * default, since they stand for another text at each relation. What cannot be filled in is noted, and the pattern stays
 * as it is written.
 */
export function filledPattern(reading: Reading, path: Path, pattern: string): string {
  const template = parseTemplate(pattern);
  const { text, problems } = template.ok
    ? partsOf(template.parts, reading.environment)
    : { text: null, problems: [template.why] };
  for (const problem of problems) reading.refuse(path, problem);
  return text ?? pattern;
}

function partsOf(parts: readonly Part[], environment: Environment): Filled {
  const pieces = parts.map((part) => pieceOf(part, environment));
  const problems = pieces.flatMap((piece) => piece.problems);
  return { text: problems.length > 0 ? null : pieces.map(({ text }) => text).join(''), problems };
}

function pieceOf(part: Part, environment: Environment): Filled {
  switch (part.kind) {
    case 'text':
      return part.text.includes('${')
        ? failed('a name with "${" in it cannot be meant by a rule')
        : done(part.text);
    case 'placeholder':
      return done(`{${part.name}}`);
    case 'variable':
      return variable(part, environment);
  }
}

/** What a variable brings is text, never a word: where it would be read as one it is refused. */
function variable(part: Extract<Part, { kind: 'variable' }>, environment: Environment): Filled {
  if (part.name.some(({ kind }) => kind === 'placeholder'))
    return failed(
      'a rule is one for all shards: the name of a variable in it may not differ by a {placeholder}',
    );
  const name = part.name.map((piece) => (piece.kind === 'text' ? piece.text : '')).join('');
  const value = environment.variables.get(name) ?? '';
  if (value === '' && part.fallback !== null) return partsOf(part.fallback, environment);
  if (/[{}$]/.test(value))
    return failed(`the variable ${name} brings a {, } or $, which would be read as part of the rule`);
  return fillPart(part, {}, environment);
}

const done = (text: string): Filled => ({ text, problems: [] });
const failed = (problem: string): Filled => ({ text: null, problems: [problem] });
