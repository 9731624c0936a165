import { expect, test } from '@jest/globals';
import { problemsOf, SMALL } from './project.js';

const SECRET = 'hunter2';
const env = {
  V: SECRET,
  URL: `mysql://o:${SECRET}@h/d`,
  PERCENT: `postgres://o:%${SECRET}@h/d`,
  LONG: SECRET.repeat(20),
};

test.each([
  ['postgres://owner:pw@s1.test:6001/app', '${URL}'],
  ['postgres://owner:pw@s1.test:6001/app', '${PERCENT}'],
  ['postgres://owner:pw@s1.test:6001/app', '${V}'],
  ['postgres://owner:pw@s1.test:6001/app', `postgres://o:${SECRET}@h`],
  ['postgres://owner:pw@s1.test:6001/app', `postgres://o:${SECRET}#x@h/d`],
  ['postgres://owner:pw@s1.test:6001/app', `[postgres://o:${SECRET}@h/d]`],
  ['  s1:', `  postgres://o:${SECRET}@h/d: 1\n  s1:`],
  ['app-password', `[${SECRET}]`],
  ['app-password', `\${NONE} ${SECRET}`],
  ['app_user', '${LONG}'],
  ['[ada, bob]', '["${V}", "${V}"]'],
  ['[ada, bob]', '["${LONG}"]'],
  ['[ada, bob]', '["pg_${V}"]'],
  ['fleet: small', 'fleet: "${V}:"'],
  ['roles:', 'rollout: { canary: ["${V}"], lock_wait: "${V}" }\nroles:'],
  ['roles:', 'server: { name: "${V}" }\nroles:'],
  ['roles:', 'server: { port: "${V}" }\nroles:'],
  ['roles:', 'tenant: { schema: "${V}" }\nroles:'],
  ['roles:', 'policy: { writes: "hunter2" }\nroles:'],
])('%s as %s: no problem prints a value', async (from, to) => {
  const problems = await problemsOf(
    SMALL.replace(from, () => to),
    { env },
  );
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.join('\n')).not.toContain(SECRET);
});
