// Writes shards.schema.json from the validator of shards.yaml. Run after a build: node scripts/schema.js
import { writeFileSync } from 'node:fs';
import { jsonSchemaText } from '../dist/config/schema/json-schema.js';

writeFileSync(new URL('../shards.schema.json', import.meta.url), jsonSchemaText());
