import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Migration } from '../../../src/migrations/migration.js';
import type { PlannedStep } from '../../../src/migrations/plan/plan.js';
import { TEXT_SIZE } from '../../../src/protocol/shard/run-subjects.js';
import { textsOf } from '../../../src/protocol/shard/run-in-turn.js';

interface Given {
  readonly length: number;
  readonly tenants: number;
  readonly way: 'alike' | 'built' | 'verified' | 'preparing';
}

const statement = (sql: string) => ({ sql, line: 1, column: 1 });

function step({ length, tenants, way }: Given, index: number): PlannedStep {
  const sql = `SELECT '${'x'.repeat(length)}'${way === 'preparing' ? '; DEALLOCATE ALL' : ''}`;
  const migration = {
    name: `m${index}`,
    scope: 'tenant',
    body: way === 'built' ? { kind: 'dynamic' } : { kind: 'static', statements: [statement(sql)] },
    ...(way === 'verified' ? { verify: { kind: 'static', statements: [statement('SELECT true')] } } : {}),
  } as unknown as Migration;
  return { migration, direction: 'up', tenants: Array.from({ length: tenants }) } as unknown as PlannedStep;
}

const given = fc.record<Given>({
  length: fc.integer({ min: 0, max: TEXT_SIZE / 2 }),
  tenants: fc.integer({ min: 0, max: 5 }),
  way: fc.constantFrom('alike', 'alike', 'alike', 'built', 'verified', 'preparing'),
});

test('whatever the migrations are, each is in one text, in its order', () => {
  fc.assert(
    fc.property(fc.array(given), (all) => {
      const steps = all.map(step);
      expect(textsOf(steps).flat()).toEqual(steps);
    }),
  );
});

test('what is built, verified or may prepare has a text to itself', () => {
  fc.assert(
    fc.property(fc.array(given), (all) => {
      const steps = all.map(step);
      const own = steps.filter((_, index) => all[index]?.way !== 'alike');
      const alone = textsOf(steps).filter(({ length }) => length === 1);
      for (const one of own) expect(alone.some(([only]) => only === one)).toBe(true);
    }),
  );
});

test('fifty small migrations are one text', () => {
  const steps = Array.from({ length: 50 }, (_, index) =>
    step({ length: 100, tenants: 1, way: 'alike' }, index),
  );
  expect(textsOf(steps)).toEqual([steps]);
});

test('a text does not grow beyond its size', () => {
  const big = { length: TEXT_SIZE / 2, tenants: 1, way: 'alike' } as const;
  const steps = [0, 1, 2].map((index) => step(big, index));
  expect(textsOf(steps).map(({ length }) => length)).toEqual([1, 1, 1]);
});
