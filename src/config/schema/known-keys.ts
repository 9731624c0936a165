import * as z from 'zod';
import type { Path } from '../text/document.js';
import { fleetSchema } from './schema.js';
import { hasKeys, valueAt } from '../text/tree.js';

/** The keys that shards.yaml may have at a path; none where any key is taken. */
export function knownKeys(path: Path): readonly string[] {
  const schema = path.reduce<unknown>(childSchema, z.toJSONSchema(fleetSchema));
  const properties = valueAt(schema, ['properties']);
  return hasKeys(properties) ? Object.keys(properties) : [];
}

function childSchema(schema: unknown, key: string | number): unknown {
  if (typeof key === 'number') return valueAt(schema, ['items']);
  return valueAt(schema, ['properties', key]) ?? valueAt(schema, ['additionalProperties']);
}
