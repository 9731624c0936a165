/**
 * shards.yaml of two boxes: tables `{table}_{year}` of box2, which is shard1, are partitions of a parent on box1, which is
 * the veneer, by year.
 */
export const yearsYaml = (
  fleet: string,
  { table, parent }: { readonly table: string; readonly parent: string },
): string => `fleet: ${fleet}
migrations: ./migrations
veneers:
  box1: { url: "\${VENEER_URL}" }
shards:
  box2:
    url: \${SHARD1_URL}
    server: { host: "\${SHARD1_HOST}", port: "\${SHARD1_PORT}" }
roles:
  veneer_admin: { user: bookstore_admin, password: "\${ADMIN_PASSWORD_SHARD1}" }
expose:
  - from: "${table}_{year}"
    as: "${parent}_{year}"
    partition_of: ${parent}
    bounds: FROM (make_date({year}, 1, 1)) TO (make_date({year} + 1, 1, 1))
`;
