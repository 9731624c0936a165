import type { QualifiedName } from '../../postgres/identifiers.js';

/** One grant of an access control list. */
export interface Grant {
  readonly grantor: string;
  /** null: PUBLIC. */
  readonly grantee: string | null;
  readonly privilege: string;
  readonly grantable: boolean;
}

/** Who owns something, and who may do what with it. */
export interface Privileges {
  readonly owner: string;
  /** What applies: the list of its own, or else the default of its owner. */
  readonly grants: readonly Grant[];
  /** Has it an access control list of its own? */
  readonly granted: boolean;
  /** Who would get privileges on one that the runner makes there, by ALTER DEFAULT PRIVILEGES; null: PUBLIC. */
  readonly defaultGrantees: readonly (string | null)[];
}

/** What a type has besides what it is. */
export interface CapturedType extends Privileges {
  readonly oid: string;
  readonly comment: string | null;
  /** Of a domain: its checks that have a comment. */
  readonly checks: readonly { readonly name: string; readonly comment: string }[];
}

/** A rule or a trigger as PostgreSQL deparses it. */
export interface Attachment {
  readonly name: string;
  readonly definition: string;
  readonly comment: string | null;
  /** tgenabled, ev_enabled: O origin, D disabled, R replica, A always. */
  readonly enabled: string;
}

export interface ViewColumn {
  readonly name: string;
  readonly comment: string | null;
  readonly default: string | null;
  readonly grants: readonly Grant[];
}

/** A view with all that DROP VIEW would lose. */
export interface CapturedView extends QualifiedName, Privileges {
  readonly oid: string;
  readonly definition: string;
  /** `security_invoker=true`, as pg_class.reloptions has them. */
  readonly options: readonly string[];
  readonly comment: string | null;
  readonly columns: readonly ViewColumn[];
  readonly rules: readonly Attachment[];
  readonly triggers: readonly Attachment[];
  /** The columns that its query reads, sorted. */
  readonly reads: readonly string[];
  /** Why the runner could not make it again as it is; empty where it can. */
  readonly obstacles: readonly string[];
}

/** A rule or trigger on a relation that stays. */
export interface CapturedAttachment extends Attachment {
  readonly oid: string;
  readonly kind: 'rule' | 'trigger';
  readonly table: QualifiedName;
  /** As ALTER names its kind: TABLE or FOREIGN TABLE. */
  readonly tableKind: 'TABLE' | 'FOREIGN TABLE' | 'VIEW';
  readonly obstacles: readonly string[];
}
