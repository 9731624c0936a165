import { createHash } from 'node:crypto';

/** Which prepared statements a connection can be asked to run by their names. */
export interface PreparedStatements {
  /** `send` sends it under the name that it is given, parsed at first use, or parses it for itself where that is undefined. */
  readonly run: <T>(name: string, send: (name: string | undefined) => Promise<T>) => Promise<T>;
  /** A text is about to be sent that may end, or begin, a transaction. */
  readonly cut: () => void;
}

/**
 * What is asked together is sent before it is known whether the server has taken what it was to parse. Where it has not, whoever relies
 * on that fails as well (26000), which is right in the same transaction: the error has broken it. Behind a text it may be another
 * transaction, and there the statement is parsed again as long as the answer is not there.
 */
export function preparedStatements(): PreparedStatements {
  const parsed = new Set<string>();
  /** Before which text each of those was sent that have not been answered. */
  const unsure = new Map<string, number>();
  let texts = 0;
  return {
    cut: () => void texts++,
    run: async (name, send) => {
      if (parsed.has(name)) return send(name);
      const since = unsure.get(name);
      if (since !== undefined && since !== texts) return send(undefined);
      unsure.set(name, texts);
      try {
        const answer = await send(name);
        parsed.add(name);
        return answer;
      } finally {
        unsure.delete(name);
      }
    },
  };
}

/** What a text is called on a connection whose server was made to forget so often what was prepared. */
export const nameOf = (text: string, forgotten: number): string => `pgv_${forgotten}_${digestOf(text)}`;

/** Of the texts of this program, which are a few dozen, each asked thousands of times. */
const digests = new Map<string, string>();

function digestOf(text: string): string {
  const known = digests.get(text);
  if (known !== undefined) return known;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
  digests.set(text, digest);
  return digest;
}
