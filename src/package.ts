/* The package's own exports: what migrations in TypeScript and JavaScript import from pg-veneer. */
export { backfill, type Backfill } from './backfill.js';
export { target, type Target } from './target.js';
