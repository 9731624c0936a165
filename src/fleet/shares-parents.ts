import type { Config } from '../config/config.js';

/** Do tenants or shards have partitions of one table of a veneer, by a rule? */
export const sharesParents = ({ expose }: Pick<Config, 'expose'>): boolean =>
  expose.some(({ partition }) => partition !== null);
