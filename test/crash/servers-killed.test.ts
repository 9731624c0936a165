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
]);
