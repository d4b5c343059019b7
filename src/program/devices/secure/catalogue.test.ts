/**
 * Whatever the catalogue has is a method of secrets: it gives what it says, for the cost that it declares, in the types
 * and on the pages.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, afterEach, describe, it } from 'node:test';
import { fitted, orderAt, type Way, waysOf } from '../../../../test/parts/operation-calls.ts';
import { World } from '../../../../test/parts/program-world.ts';
import { runSecure } from '../../../../test/parts/secure-parties.ts';
import { closeDatabase } from '../../../data/index.ts';
import { intervalOfWords } from '../../../secure/bounds/interval.ts';
import { inSequence } from '../../../secure/cost.ts';
import { catalogue } from '../../../secure/ops/catalogue.ts';
import type { ProtocolCosts } from '../../../secure/protocols/protocol.ts';
import { decode } from '../../../secure/ring/fixed-point.ts';
import { elementCount } from '../../../secure/ring/shape.ts';
import { publicTensor } from '../../../secure/ring/tensor.ts';
import { job } from '../../model/job.ts';
import { tensor } from '../../model/tensor.ts';
import { secure } from './device.ts';

/** Of the project; the test runs in dist/src/program/devices/secure. */
const root = new URL('../../../../../', import.meta.url);

const ways = waysOf({ count: 6, rows: 2, axis: 3, side: 2, keys: 2, groups: 2 });

/** Numbers of the first of its domains that fixed point has: the first and the last and some between. */
function valuesOf({ sample }: Way): readonly Float64Array[] {
  const values = sample.operands.map(({ dtype, shape, number, order }, operand) => {
    const [from = 0, to = 1] = sample.over[0]?.[operand] ?? [];
    const count = elementCount(shape);
    return Float64Array.from({ length: count }, (_, i) => {
      if (number !== undefined) return number;
      if (order) return orderAt(i, count);
      if (dtype === 'boolean') return (i >> operand) & 1;
      const value = from + ((to - from) * ((5 * i) % count)) / Math.max(count - 1, 1);
      return (
        decode(publicTensor(dtype === 'fixed' ? value : Math.round(value), { dtype }).words, dtype, 18)[0] ??
        0
      );
    });
  });
  return fitted(
    sample,
    values.map((numbers) => [...numbers]),
  ).map((numbers) => Float64Array.from(numbers));
}

// biome-ignore lint/suspicious/noExplicitAny: operations are called by their names
type Untyped = any;

/** What a way gives, of the secrets and public numbers that a job has. */
function call(way: Way, operands: readonly Untyped[]): Untyped {
  const { operation, sample } = way;
  const [x, ...others] = operands;
  return x[operation.name](...(operation.takes.operands === 'list' ? [others] : others), ...sample.params);
}

const worlds: World[] = [];
afterEach(async () => {
  for (const made of worlds.splice(0)) await made.close();
});
after(closeDatabase);

describe('every way of calling every operation, as a method of a secret', () => {
  for (const { protocol, parties, members } of [
    { protocol: 'rep3', parties: ['alice', 'bob', 'carol'], members: 3 },
    { protocol: 'semi2k', parties: ['alice', 'bob', 'frank'], members: 2 },
  ] as const) {
    it(`gives what it says, and costs what it declares: ${protocol}`, async () => {
      const program = job({ parties }, async (context) => {
        const at = context as Untyped;
        const dealer: string | undefined = [...parties][members];
        const device = secure(
          parties.slice(0, members).map((name) => at[name]) as Untyped,
          {
            protocol,
            ...(dealer === undefined ? {} : { dealer: at[dealer] }),
          } as Untyped,
        );
        const results: { shape: readonly number[]; data: readonly number[] }[] = [];
        for (const way of ways) {
          const values = valuesOf(way);
          const operands = way.sample.operands.map(({ dtype, shape, secret }, i) => {
            const numbers = tensor(shape, values[i] as Float64Array);
            if (!secret) return numbers;
            const [from = 0, to = 1] = way.sample.over[0]?.[i] ?? [];
            const range = dtype === 'boolean' ? {} : { min: Math.min(from, to), max: Math.max(from, to) };
            return at[parties[i % members] ?? '']
              .run('x', () => numbers)
              .to(device, { shape, dtype, ...range });
          });
          const { shape, data } = await at.reveal(call(way, operands));
          results.push({ shape: [...shape], data: [...data] });
        }
        return results;
      });
      const world = await World.create(program);
      worlds.push(world);
      const results: Record<string, Untyped> = await world.results();
      checkResults(results.alice);
      const [costs] = await runSecure(protocol, members, async (on) => on.protocol.costs, {
        dealer: parties.length > members,
      });
      assert.ok(costs);
      for (const [rank, party] of parties.slice(0, members).entries())
        checkCosts(
          world.of(party).host.costs.flatMap(({ operations }) => operations),
          rank,
          costs,
        );
    });
  }
});

function checkResults(results: readonly { shape: readonly number[]; data: readonly number[] }[]): void {
  for (const [i, way] of ways.entries()) {
    const { name, operation, call, sample } = way;
    const { shape, data } = results[i] ?? { shape: [], data: [] };
    assert.deepEqual(shape, call.shape, name);
    if (operation.randomOrder) continue;
    const operands = sample.operands.map((form, k) => ({ ...form, data: valuesOf(way)[k] as Float64Array }));
    const want = operation.plain({ operands, params: call.params, shape: call.shape, fracBits: 18 });
    const input = {
      ...call,
      operands: operands.map((one) => ({
        ...one,
        bound: intervalOfWords(publicTensor(one.data, { dtype: one.dtype }).words),
      })),
    };
    data.forEach((value, k) => {
      const due = want[k] ?? Number.NaN;
      const allowed = operation.bounds.accuracy.of(due, input) + 1e-8;
      assert.ok(Math.abs(value - due) <= allowed, `${name}, element ${k}: ${value}, not ${due}`);
    });
  }
}

/** By operation: what was counted is the sum of what all its ways declare. */
function checkCosts(
  counted: readonly { readonly operation: string; readonly bytes: number }[],
  rank: number,
  costs: ProtocolCosts,
): void {
  for (const { name, cost, opens } of catalogue) {
    const own = ways.filter(({ operation }) => operation.name === name);
    // Of two keys there is one comparison, whatever their order.
    const declared = inSequence(
      ...own.map(({ call }) => cost(costs, { ...call, ...(opens && { comparisons: [1] }) })),
    );
    const bytes = counted
      .filter(({ operation }) => operation === name)
      .reduce((sum, one) => sum + one.bytes, 0);
    assert.equal(bytes, declared.bytes[rank], `${name} at member ${rank}`);
  }
}

describe('an operation of the catalogue', () => {
  const names = catalogue.map(({ name }) => name);

  it('has a name of its own, and says how it is called', () => {
    assert.equal(new Set(names).size, names.length);
    for (const name of names)
      assert.ok(
        ways.some(({ operation }) => operation.name === name),
        name,
      );
  });

  it('stands in the types of secrets, and nothing else does', () => {
    const model = new URL('src/program/model/', root);
    const read = (file: string): string => readFileSync(new URL(file, model), 'utf8');
    const families = readdirSync(model).filter((file) => /^secret-.*(?<!\.test)\.ts$/.test(file));
    const types = read('at.ts');
    const secrets = [
      types.slice(types.indexOf('export interface Secret<'), types.indexOf('export type Sharing<')),
    ];
    const methods = [...secrets, ...families.map(read)].flatMap((text) =>
      [...text.matchAll(/^ {2}(\w+)(?:<[^(]*>)?\(/gm)].map(([, name]) => name ?? ''),
    );
    const others = new Set(['to', 'as', 'permuteBy']);
    const typed = [...new Set(methods)].filter((name) => !others.has(name));
    assert.deepEqual(typed.toSorted(), names.toSorted());
  });
});
