import type { ReportBase } from './report-base.js';

export interface InitReport extends ReportBase {
  readonly command: 'init';
  readonly dryRun: boolean;
  /** Path of the project's folder. */
  readonly folder: string;
  readonly files: readonly InitFile[];
}

/** A file of a new project. */
export interface InitFile {
  /** Path in the folder. */
  readonly file: string;
  /** `left out`: it would belong to another shards.yaml than the one that is there, or the project has what stands in its place. */
  readonly state: 'made' | 'line added' | 'planned' | 'there already' | 'left out';
}
