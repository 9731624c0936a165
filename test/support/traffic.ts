import type { Client } from 'pg';
import type { TestFleet } from './test-fleet.js';
import {
  readAcross,
  readAll,
  readAllPrepared,
  readComingAndGoing,
  readNamed,
  readTransaction,
} from './traffic-readers.js';
import { TENANTS } from './traffic-schema.js';
import { startTally, type Tally, type TrafficResult } from './traffic-tally.js';
import { work, type Turn, type Worker } from './traffic-worker.js';
import { writeSingly, writeTransactions, type Writer } from './traffic-writers.js';

/** An application at work through the veneer, on connections of its own, as veneer_app. */
export interface Traffic {
  /** A step has committed on this shard: whoever waits for one goes on. */
  stepped(shard: string): void;
  /** Lets every worker end its turn, compares what was written with the shards, and answers what happened. */
  stop(): Promise<TrafficResult>;
}

/** Starts a reader or writer of each kind, some of them several times. */
export async function startTraffic(fleet: TestFleet): Promise<Traffic> {
  return launch(fleet, () => true);
}

/** The same traffic with nothing beside it, for this many turns of each worker. */
export async function baselineTraffic(fleet: TestFleet, turns: number): Promise<TrafficResult> {
  return (await launch(fleet, (turn) => turn < turns)).finish();
}

type Launched = Traffic & { finish(): Promise<TrafficResult> };

async function launch(fleet: TestFleet, goesOn: (turn: number) => boolean): Promise<Launched> {
  const tally = startTally();
  const writers = hire();
  const workers = await employ(fleet, kinds(writers));
  const steps = new Map<string, number>();
  let stopped = false;
  const around = {
    tally,
    stepsOn: (shard: string) => steps.get(shard) ?? 0,
    goesOn: (turn: number) => !stopped && goesOn(turn),
  };
  const running = Promise.all(workers.map((worker) => work(worker, around)));
  running.catch(() => undefined); // told by finish
  const finish = async (): Promise<TrafficResult> => {
    await running;
    await Promise.all(workers.map(({ client }) => client.end()));
    for (const writer of writers) await compareWithShards(fleet, tally, writer);
    return tally.result();
  };
  return {
    stepped: (shard) => void steps.set(shard, (steps.get(shard) ?? 0) + 1),
    finish,
    stop: () => {
      stopped = true;
      return finish();
    },
  };
}

/** Writers are numbered on and on: the rows of those before stay, and are nobody's. */
function hire(): readonly Writer[] {
  hired += 4;
  return [
    writeSingly(hired - 3),
    writeSingly(hired - 2),
    writeTransactions(hired - 1),
    writeTransactions(hired),
  ];
}

let hired = 0;

const kinds = (writers: readonly Writer[]): readonly (readonly [string, Turn])[] => [
  ['reads all', readAll],
  ['reads all prepared', readAllPrepared()],
  ['reads all prepared', readAllPrepared()],
  ['reads named', readNamed],
  ['reads named', readNamed],
  ['read committed', readTransaction('READ COMMITTED')],
  ['repeatable read', readTransaction('REPEATABLE READ')],
  ['across, read committed', readAcross('READ COMMITTED')],
  ['across, repeatable read', readAcross('REPEATABLE READ')],
  ['comes and goes', readComingAndGoing],
  ...writers.map(({ turn }) => ['writes', turn] as const),
];

function employ(fleet: TestFleet, turns: readonly (readonly [string, Turn])[]): Promise<Worker[]> {
  return Promise.all(
    turns.map(async ([name, turn], index) => {
      const client: Client = await fleet.connect('veneer', 'app');
      return { name, client, turn, offset: index % TENANTS.length };
    }),
  );
}

/** What the shards hold of a writer's rows, read without the veneer. */
async function compareWithShards(fleet: TestFleet, tally: Tally, { worker, written }: Writer): Promise<void> {
  for (const { name, shard } of TENANTS) {
    const sql = `SELECT id, amount::int AS amount FROM ${name}.entries WHERE worker = ${worker} ORDER BY id`;
    const found = (await fleet.query(shard, sql)).map(({ id, amount }) => [id, amount]);
    const wanted = [...(written.get(name) ?? [])];
    const isSame = JSON.stringify(found) === JSON.stringify(wanted);
    tally.check(
      isSame,
      'the shards',
      () => `${name} on ${shard}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`,
    );
  }
}
