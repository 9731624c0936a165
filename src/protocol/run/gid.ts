/** One try at a step: what evidence, intent and prepared transactions are recorded under. */
export interface AttemptId {
  readonly fleet: string;
  readonly step: string;
  readonly nonce: string;
}

/** What the name of a prepared transaction tells. */
export interface Gid extends AttemptId {
  /** 1 … n */
  readonly participant: number;
  readonly n: number;
}

/** PREPARE TRANSACTION: "must be less than 200 bytes long". */
const GID_BYTES = 199;

/** `pgv:<fleet>:<step>:<nonce>:<i>/<n>`, fleet percent-encoded so that nothing in it can look like another part. */
export function formatGid({ fleet, step, nonce, participant, n }: Gid): string {
  const gid = `pgv:${encodeURIComponent(fleet)}:${step}:${nonce}:${participant}/${n}`;
  if (Buffer.byteLength(gid) > GID_BYTES)
    throw new RangeError(`gid of ${Buffer.byteLength(gid)} bytes: ${gid}`);
  return gid;
}

const GID = /^pgv:([^:]+):([0-9a-z.-]+):([0-9a-f]+):([1-9]\d*)\/([1-9]\d*)$/;

/** Parsed exactly: whatever is not ours to the letter is somebody else's, and null. */
export function parseGid(gid: string): Gid | null {
  const match = GID.exec(gid);
  if (match === null) return null;
  const [, fleet = '', step = '', nonce = '', participant, n] = match;
  const decoded = decode(fleet);
  if (decoded === null || Number(participant) > Number(n)) return null;
  const parsed = { fleet: decoded, step, nonce, participant: Number(participant), n: Number(n) };
  return formatGid(parsed) === gid ? parsed : null;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** A key for maps: two attempts of one step are two attempts. */
export const attemptKey = ({ fleet, step, nonce }: AttemptId): string => `${fleet} ${step} ${nonce}`;
