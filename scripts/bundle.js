// Bundles the command line into dist/bin: opening three hundred files takes longer than most commands have to do. What
// package.json names as a dependency stays outside. Run by the build.
import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'dist', 'bin');
const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const folderOf = (name) => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { migrate: 'src/cli.ts', watchdog: 'src/cli/watchdog-main.ts' },
  outdir: bin,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // What it has for browsers is made of modules: bundled, it is one file less what is not used. What it has for Node is 75 files that
  // are opened one by one, longer than to read the largest shards.yaml.
  alias: { yaml: join(folderOf('yaml'), 'browser', 'index.js') },
  external: Object.keys({ ...dependencies, ...optionalDependencies }),
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
  metafile: true,
});
// Last, so that whoever runs the command meanwhile finds one build or the other.
const built = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
for (const name of readdirSync(bin)) if (!built.has(name)) rmSync(join(bin, name));
// The second for links that npx keeps from before there was a bundle.
for (const command of [join(bin, 'migrate.js'), join(root, 'dist', 'cli.js')]) chmodSync(command, 0o755);
// Their terms go with what is copied.
for (const name of ['yaml', 'zod'])
  copyFileSync(join(folderOf(name), 'LICENSE'), join(bin, `${name}.LICENSE`));
