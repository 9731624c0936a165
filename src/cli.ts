#!/usr/bin/env node
import { main } from './cli/main.js';
import { optimiseLate } from './v8.js';

optimiseLate();
await main(process.argv.slice(2));
