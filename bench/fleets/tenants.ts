import { freshFleet } from '../../test/support/fresh-fleet.js';
import { commandsOn } from '../../test/support/commands.js';
import type { TestFleet } from '../../test/support/test-fleet.js';

export const SHARDS = ['shard1', 'shard2', 'shard3'] as const;

/** A fleet with so many tenants, spread evenly over three shards. */
export interface BenchFleet extends TestFleet {
  readonly tenants: readonly BenchTenant[];
}

export interface BenchTenant {
  readonly name: string;
  readonly shard: string;
}

/** By default set up (schemas, servers, state), with an empty migrations folder; `rest` ends its shards.yaml. */
export async function benchFleet(count: number, isSetUp = true, rest = ''): Promise<BenchFleet> {
  const tenants = tenantsOf(count);
  const fleet = await freshFleet({ config: (name) => yamlOf(name, tenants) + rest });
  if (isSetUp) {
    const { exitCode, problems } = await commandsOn(fleet).setup();
    if (exitCode !== 0) throw new Error(JSON.stringify(problems));
  }
  return { ...fleet, tenants };
}

/** The same, closed at the end of the block that holds it. */
export async function openBenchFleet(count: number, rest = ''): Promise<BenchFleet & AsyncDisposable> {
  const fleet = await benchFleet(count, true, rest);
  return { ...fleet, [Symbol.asyncDispose]: () => fleet.close() };
}

export async function withBenchFleet<T>(count: number, work: (fleet: BenchFleet) => Promise<T>): Promise<T> {
  await using fleet = await openBenchFleet(count);
  return await work(fleet);
}

/** So many names, in turn on each shard. */
export const tenantsOf = (count: number): BenchTenant[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `t${String(index + 1).padStart(5, '0')}`,
    shard: SHARDS[index % SHARDS.length] ?? SHARDS[0],
  }));

function yamlOf(name: string, tenants: readonly BenchTenant[]): string {
  const shards = SHARDS.map((shard) => {
    const own = tenants.filter((tenant) => tenant.shard === shard).map((tenant) => tenant.name);
    const variable = shard.toUpperCase();
    return `  ${shard}:
    url: \${${variable}_URL}
    server: { name: ${shard}_server, host: "\${${variable}_HOST}", port: "\${${variable}_PORT}" }
    tenants: [${own.join(', ')}]
`;
  });
  return `fleet: ${name}
migrations: ./migrations
veneers:
  veneer: { url: "\${VENEER_URL}" }
shards:
${shards.join('')}roles:
  veneer_admin: { user: bookstore_admin, password: "\${ADMIN_PASSWORD_{shard}}" }
  veneer_app: { user: bookstore_app, password: "\${APP_PASSWORD_{shard}}", grant: [select, insert, update, delete] }
`;
}
