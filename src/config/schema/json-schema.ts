import * as z from 'zod';
import { fleetSchema } from './schema.js';

/** The JSON Schema of shards.yaml for editors, as the text of shards.schema.json; draft 7, which all of them know. */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(fleetSchema, { target: 'draft-7' });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
