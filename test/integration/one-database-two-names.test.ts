import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { commandsOn, type Commands } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import type { TestFleet } from '../support/test-fleet.js';
import { bookstoreYaml } from '../support/test-project.js';

let fleet: TestFleet;
let run: Commands;

beforeAll(async () => {
  fleet = await freshFleet();
  run = commandsOn(fleet);
  // The name of the host differs, so that reading shards.yaml cannot tell.
  const twin = bookstoreYaml(fleet.name).replace('${SHARD3_URL}', fleet.urlOf('shard2').replace('127.0.0.1', 'localhost')); // prettier-ignore
  await fleet.writeConfig(twin);
});

afterAll(() => fleet.close());

test('two names in shards.yaml that lead to one database are refused before anything is locked', async () => {
  await expect(run.setup()).rejects.toMatchObject({
    message: expect.stringMatching(/are one database/),
    facts: { exitCode: 78 },
  });
});

test('status says that two members are one database', async () => {
  const { problems } = await run.status();
  expect(problems.map(({ message }) => message)).toContainEqual(expect.stringMatching(/are one database/));
});
