import { spawn, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { canEnter, ownerOf, serverUser } from '../../src/sandbox/server-user.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const JITI = createRequire(import.meta.url).resolve('jiti');

export interface Script {
  readonly child: ChildProcess;
  /** Its output when it has ended. Fails with what it said when its exit code is not 0. */
  readonly output: Promise<string>;
  /** Its first line of output. */
  readonly firstLine: Promise<string>;
}

/**
 * Runs the body of an async function in a process of its own; `load(path)` gives it a module of `src/`. With `as:
 * 'ordinary user'` it does not run as root, where there is a user who can reach this checkout.
 */
export async function runScript(body: string, as: 'us' | 'ordinary user' = 'us'): Promise<Script> {
  const code = `
    const { createJiti } = require(${JSON.stringify(JITI)});
    const jiti = createJiti(${JSON.stringify(`${ROOT}package.json`)}, { fsCache: false });
    const load = (path) => jiti.import(${JSON.stringify(`${ROOT}src/`)} + path);
    (async () => { ${body} })().catch((error) => { console.error(error); process.exitCode = 1; });`;
  const user = as === 'us' ? null : await serverUser();
  const owner = (await canEnter(user, ROOT)) ? ownerOf(user) : {};
  const child = spawn(process.execPath, ['-e', code], {
    ...owner,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (text) => (said.stdout += text));
  child.stderr.on('data', (text) => (said.stderr += text));
  const output = new Promise<string>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve(said.stdout);
      else reject(new Error(`code ${code}, signal ${signal}: ${said.stdout}${said.stderr}`));
    });
  });
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      if (said.stdout.includes('\n')) resolve(said.stdout.slice(0, said.stdout.indexOf('\n')));
    });
    output.catch(reject);
  });
  return { child, output, firstLine };
}
