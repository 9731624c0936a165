import { startTestServers } from '../test/support/test-servers.js';
import { upAgainstLoop, upAgainstReplay } from './works/up.js';

const WORKS = [upAgainstReplay, upAgainstLoop];
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const pairs = Number(process.env.BENCH_PAIRS ?? 5);
const tenants = (process.env.BENCH_TENANTS ?? '12,120,600').split(',').map(Number);
const wanted = process.argv.slice(2);

const stop = await startTestServers();
try {
  for (const work of WORKS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    for (const row of await work.measure({ pairs, tenants, say })) {
      say(`${row.work} against ${row.against}, ${row.tenants} tenants: ${row.ratio.toFixed(2)} (aim ${row.aim})`);
    }
  }
} finally {
  await stop();
}
