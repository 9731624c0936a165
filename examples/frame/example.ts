import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { DemoShell } from '../../src/sandbox/demo-shell.js';
import type { ExampleFiles, RunningExample } from './start-example.js';

/** What an example's `story.ts` exports. */
export interface Story extends Pick<ExampleFiles, 'migrations'> {
  /** What the example is for, in a line. */
  readonly about: string;
  /** The folder of its shards.yaml, from its own; left out: its own. */
  readonly project?: string;
  /** Told on servers that hold nothing but what their init scripts made. Throws at the first thing that is not so. */
  readonly tell: (shell: DemoShell, fleet: RunningExample) => Promise<void>;
}

/** One of the folders below examples/. */
export interface Example extends Story, ExampleFiles {
  readonly name: string;
}

const EXAMPLES = path.resolve(import.meta.dirname, '..');

/** The names of all examples: the folders that tell a story. */
export const EXAMPLE_NAMES: readonly string[] = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
  .filter((file) => path.basename(file) === 'story.ts')
  .map((file) => path.dirname(file))
  .toSorted();

/** Loads one by its name. */
export async function loadExample(name: string): Promise<Example> {
  const folder = path.join(EXAMPLES, name);
  const { story } = (await import(path.join(folder, 'story.ts'))) as { readonly story: Story };
  return { ...story, name, folder: path.resolve(folder, story.project ?? '.') };
}
