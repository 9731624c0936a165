/** What a command understands, as data: the parser, the help and the hints for misspelt words are all made of it. */
export interface CommandSpec {
  /** The words that name it: `up`, `sandbox start`. */
  readonly name: CommandName;
  /** Fits on a line of `migrate --help`. */
  readonly summary: string;
  /** Lines below the usage line. */
  readonly description: readonly string[];
  readonly positionals: readonly PositionalSpec[];
  readonly flags: readonly FlagSpec[];
  readonly examples: readonly ExampleSpec[];
}

export type CommandName =
  | 'init'
  | 'doctor'
  | 'create'
  | 'plan'
  | 'lint'
  | 'rehearse'
  | 'baseline'
  | 'ledger accept'
  | 'ledger export'
  | 'setup'
  | 'up'
  | 'down'
  | 'redo'
  | 'status'
  | 'why'
  | 'sync'
  | 'recover'
  | 'stop'
  | 'history'
  | 'history show'
  | 'tenant list'
  | 'tenant add'
  | 'tenant drop'
  | `sandbox ${SandboxAction}`;

export type SandboxAction = 'start' | 'stop' | 'status' | 'url' | 'logs';

export interface PositionalSpec {
  readonly name: string;
  readonly required: boolean;
  /** It may be given several times, at the end. */
  readonly many?: boolean;
  readonly text: string;
}

export interface FlagSpec {
  /** Without its dashes. */
  readonly name: string;
  readonly alias?: string;
  /** 'list' may be given several times. */
  readonly type: 'boolean' | 'string' | 'list';
  /** How its value is called in the help: NAME. */
  readonly value?: string;
  readonly text: string;
}

export interface ExampleSpec {
  readonly command: string;
  readonly text: string;
}

/** Understood by every command. */
export const GLOBAL_FLAGS: readonly FlagSpec[] = [
  {
    name: 'config',
    alias: 'f',
    type: 'string',
    value: 'FILE',
    text: 'the fleet to work on (default: shards.yaml)',
  },
  {
    name: 'env-file',
    type: 'list',
    value: 'FILE',
    text: 'variables for it (repeatable; default: .env beside it)',
  },
  {
    name: 'format',
    type: 'string',
    value: 'FORMAT',
    text: 'text, json, ndjson, markdown, html; prometheus (status)',
  },
  { name: 'json', type: 'boolean', text: 'the report as one JSON document on stdout, and nothing else' },
  {
    name: 'out',
    type: 'string',
    value: 'FILE',
    text: 'the report in that format there; stdout has the text',
  },
  { name: 'no-color', type: 'boolean', text: 'no colours (NO_COLOR does the same)' },
  { name: 'help', alias: 'h', type: 'boolean', text: 'this text' },
  { name: 'version', alias: 'V', type: 'boolean', text: 'the version of pg-veneer' },
];
