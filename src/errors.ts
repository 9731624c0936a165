/** Exit codes of every command; where several apply, the highest wins (`worst`). */
export const EXIT = {
  clean: 0,
  bug: 1,
  pending: 10,
  drift: 11,
  failed: 20,
  partial: 21,
  inDoubt: 22,
  unreachable: 23,
  locked: 30,
  usage: 64,
  config: 78,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The exit code that wins when several outcomes apply. */
export function worst(...codes: readonly ExitCode[]): ExitCode {
  return codes.reduce((a, b) => (b > a ? b : a), EXIT.clean as ExitCode);
}

/** Where something went wrong, in the words of the fleet. Every part is optional; none holds a secret. */
export interface Where {
  readonly member?: string;
  readonly tenant?: string;
  readonly migration?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** The command that makes what is missing, and after which the same may be tried again. */
export type Cure = 'migrate setup';

/** What an error knows besides its message. */
export interface ErrorFacts {
  readonly exitCode: ExitCode;
  readonly where?: Where;
  /** What PostgreSQL or a library added: detail, context. */
  readonly detail?: string;
  /** What to do next: a sentence or a command to type. */
  readonly hint?: string;
  readonly cure?: Cure;
  readonly sqlstate?: string;
  readonly cause?: unknown;
}

/**
 * An error that the product understands: it says what happened, where, and what to do next, and it knows its
 * exit code. Anything else that reaches the top is a fault of the tool itself (exit 1).
 */
export class VeneerError extends Error {
  readonly facts: ErrorFacts;

  constructor(message: string, facts: ErrorFacts) {
    super(message, facts.cause === undefined ? {} : { cause: facts.cause });
    this.name = 'VeneerError';
    this.facts = facts;
  }
}

/** An error as plain data, for reports and JSON. */
export interface Problem {
  readonly message: string;
  readonly exitCode: ExitCode;
  readonly where?: Where;
  readonly detail?: string;
  readonly hint?: string;
  readonly cure?: Cure;
  readonly sqlstate?: string;
}

/** Turns whatever was thrown into a {@link Problem}; an unknown error keeps its message and gets exit code 1. */
export function problemOf(error: unknown): Problem {
  if (error instanceof VeneerError) {
    const { cause: _cause, ...facts } = error.facts;
    return { message: error.message, ...facts };
  }
  return { message: textOf(error), exitCode: EXIT.bug };
}

/** The message of whatever was thrown; by shape, since an error may come from another realm. */
export function textOf(error: unknown): string {
  const message: unknown =
    typeof error === 'object' && error !== null ? Reflect.get(error, 'message') : undefined;
  return typeof message === 'string' && message !== '' ? message : String(error);
}
