import { expect } from '../../src/sandbox/demo-shell.js';
import type { Story } from '../frame/example.js';

export const story: Story = {
  about: 'shards alone: a fleet without a veneer, migrated by the same engine',
  async tell(shell, { to }) {
    const north = to('north');
    shell.say('Two shards, three tenants, and nothing in front of them.');
    await shell.migrate(['setup'], 0);
    await shell.migrate(['up', '--to', '20260101090000000_accounts'], 0);
    await shell.query(north, "INSERT INTO acme.accounts VALUES (1, 'Wile E.', -100)");
    shell.say(
      'South is the canary. On north a tenant has a debt: its shard is rolled back, for both of its tenants.',
    );
    await shell.migrate(['up'], 21);
    await shell.migrate(['status'], 10);
    shell.say('The debt is paid, and north follows.');
    await shell.query(north, 'UPDATE acme.accounts SET balance = 0');
    await shell.migrate(['up'], 0);
    await shell.migrate(['status'], 0);
    const message = await shell.refused(north, "INSERT INTO globex.accounts VALUES (1, 'Hank', -1)");
    expect(message.includes('no_debts'), 'the constraint in every tenant');
  },
};
