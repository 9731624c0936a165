import { inspect } from 'node:util';

/**
 * A value that must never be printed, logged or stored: a password, or a url that holds one. Every implicit way
 * to a string (template, JSON, console, inspect) gives `***`; `reveal()` is the one explicit way, easy to grep.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [inspect.custom](): string {
    return '***';
  }
}
