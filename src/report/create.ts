import type { NewScope } from '../migrations/files/templates.js';
import type { ReportBase } from './report-base.js';

export interface CreateReport extends ReportBase {
  readonly command: 'create';
  /** The new migration's name: its file's, without ending. */
  readonly migration: string;
  readonly scope: NewScope;
  /** Path of the file, relative to the project. */
  readonly file: string;
  /** Path of the project's own template; null: the built-in one. */
  readonly template: string | null;
}
