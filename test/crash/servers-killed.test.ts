import { serversKilled } from '../support/crash-servers.js';

await serversKilled([
  {
    kind: 'rename column',
    protocol: 'two-phase',
    crash: 'SIGKILL',
    members: ['shard2', 'veneer'],
    choose: ({ shard }) => shard === 'shard2',
  },
  {
    kind: 'count rows',
    protocol: 'two-phase',
    crash: 'SIGQUIT',
    members: ['shard2'],
    choose: ({ shard }) => shard === 'shard2',
  },
  // The shard commits before the veneer: the window in which one of them may be gone.
  {
    kind: 'rename column',
    protocol: 'lock-step',
    crash: 'SIGKILL',
    members: ['shard2', 'veneer'],
    choose: ({ shard, name }) => shard === 'shard2' && /^after (intent|commit)|^before close/.test(name),
  },
]);
