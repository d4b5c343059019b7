/** What methods of secrets say of an operation is what runs: whether it sends anything, its type, its shape; and pages list them all. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { runSecure } from '../../../../test/parts/secure-parties.ts';
import { opBounds } from '../../../secure/ops/bounds.ts';
import * as ops from '../../../secure/ops/index.ts';
import { plainOperations } from '../../../secure/plain/operations.ts';
import { type PublicTensor, publicTensor, singleNumber } from '../../../secure/ring/tensor.ts';
import type { SecretTensor } from '../../../secure/secret.ts';
import type { Evaluator } from '../../../secure/session.ts';
import { type Rule, rules } from './operations.ts';
import { perform } from './perform.ts';

/** Of the project; the test runs in dist/src/program. */
const root = new URL('../../../../../', import.meta.url);

type Name = keyof typeof opBounds;
type Letter = 'x' | 'y' | 'k' | 'j' | 'b' | 'm' | 'half' | 'three' | 'bits' | 'vector';

/** A call for each way in which an operation runs: its operands, its parameters. */
const calls: readonly (readonly [Name, readonly Letter[], (readonly unknown[])?])[] = [
  ...(['add', 'sub', 'mul', 'minimum', 'lt', 'le', 'gt', 'ge', 'eq', 'ne', 'div', 'maximum'] as const).map(
    (name) => [name, ['x', 'y']] as const,
  ),
  ...(['mul', 'dot', 'matmul'] as const).flatMap((name) => [
    [name, ['x', 'm']] as const,
    [name, ['x', 'k']] as const,
    [name, ['k', 'x']] as const,
    [name, ['k', 'j']] as const,
  ]),
  ['mul', ['x', 'half']],
  ['mul', ['x', 'three']],
  ['mul', ['k', 'three']],
  ['div', ['x', 'half']],
  ...(
    ['neg', 'square', 'abs', 'relu', 'sum', 'min', 'max', 'argmax', 'cumulativeSum', 'reciprocal'] as const
  ).map((name) => [name, ['x']] as const),
  ...(['exp', 'log', 'sqrt', 'rsqrt', 'sigmoid', 'tanh', 'softmax', 'transpose', 'shuffle'] as const).map(
    (name) => [name, ['x']] as const,
  ),
  ['mean', ['x'], [0]],
  ...(['and', 'or', 'xor'] as const).flatMap((name) => [
    [name, ['b', 'b']] as const,
    [name, ['b', 'bits']] as const,
  ]),
  ['not', ['b']],
  ['select', ['b', 'x', 'y']],
  ['select', ['b', 'half', 'three']],
  ['select', ['b', 'bits', 'b']],
  ['clamp', ['x'], [2n ** 18n, 2n ** 19n]],
  ['assume', ['x'], [0n, 2n ** 20n]],
  ['sort', ['vector']],
  ['sortBy', ['vector', 'vector']],
  ['groupSum', ['x', 'vectorOf' as Letter], [2]],
  ['groupSum', ['x'], [[0, 1], 2]],
  ['reshape', ['x'], [[4]]],
  ['slice', ['x'], [0, 1]],
  ['concat', ['x', 'y']],
  ['gather', ['x'], [[1, 0]]],
  ['cast', ['x'], ['integer']],
  ['cast', ['x'], ['fixed']],
  ['cast', ['x'], ['boolean']],
  ['cast', ['k'], ['fixed']],
  ['cast', ['k'], ['boolean']],
  ['cast', ['b'], ['integer']],
  ['cast', ['b'], ['boolean']],
  ['shift', ['k'], [2]],
  ['shift', ['k'], [-2]],
];

async function operandsOn(on: Evaluator): Promise<Readonly<Record<string, SecretTensor | PublicTensor>>> {
  const share = (
    dtype: 'fixed' | 'integer' | 'boolean',
    shape: readonly number[],
    values: readonly number[],
  ) => ops.share(on, { owner: 0, dtype, shape }, on.protocol.rank === 0 ? values : undefined);
  const square = [2, 2];
  return {
    x: await share('fixed', square, [1, 2, 3, 4]),
    y: await share('fixed', square, [4, 3, 2, 1]),
    k: await share('integer', square, [1, 2, 3, 4]),
    j: await share('integer', square, [4, 3, 2, 1]),
    b: await share('boolean', square, [1, 0, 0, 1]),
    vector: await share('fixed', [3], [3, 1, 2]),
    vectorOf: await share('integer', [2], [0, 1]),
    m: publicTensor([0.5, 0.25, 1, 2], { shape: square }),
    half: publicTensor(0.5),
    three: publicTensor(3),
    bits: publicTensor([true, false, true, false], { dtype: 'boolean', shape: square }),
  };
}

describe('what is said of an operation', () => {
  for (const [name, letters, params = []] of calls) {
    it(`${name} of ${letters} ${params.map(String)}: is what runs`, async () => {
      await runSecure('rep3', 3, async (on, rank) => {
        const all = await operandsOn(on);
        // A public operand beside a whole number is one, as the call makes it.
        const first = all[letters[0] as string] as SecretTensor;
        const operands = letters.map((letter) => {
          const operand = all[letter] as SecretTensor | PublicTensor;
          const whole = letter === 'three' && first.dtype === 'integer';
          return whole ? publicTensor(3, { dtype: 'integer' }) : operand;
        });
        const rule: Rule = rules[name];
        const forms = operands.map((operand) => ({
          ...{ shape: operand.shape, dtype: operand.dtype, secret: operand.kind === 'secret' },
          number: operand.kind === 'public' ? singleNumber(operand) : undefined,
        }));
        const { shape, dtype } = rule.result(forms, params, name);
        const { local } = rule;
        const before = on.session.report();
        const result = await perform(on, name, operands, params, shape);
        const after = on.session.report();
        assert.deepEqual([result.shape, result.dtype], [shape, dtype]);
        const said = typeof local === 'boolean' ? local : local(forms, params);
        assert.equal(after.rounds === before.rounds, said, `member ${rank} says local: ${said}`);
      });
    });
  }

  it('is said of every operation', () => {
    const names = Object.keys(rules).toSorted();
    assert.deepEqual(Object.keys(opBounds).toSorted(), names);
    assert.deepEqual(Object.keys(plainOperations).toSorted(), names);
    assert.deepEqual([...new Set(calls.map(([name]) => name))].toSorted(), names);
  });

  it('stands on the first page about secrets, and in the types', () => {
    const page = readFileSync(new URL('docs/writing-a-job.md', root), 'utf8');
    const list = page.slice(
      page.indexOf('- **Operations** are methods'),
      page.indexOf('They return at once'),
    );
    const listed = [...list.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    assert.deepEqual(listed.toSorted(), Object.keys(rules).toSorted());
    const types = readFileSync(new URL('src/program/model/at.ts', root), 'utf8');
    const secrets = types.slice(
      types.indexOf('export interface Secret<'),
      types.indexOf('export interface ProductOptions'),
    );
    const methods = [...secrets.matchAll(/^ {2}(\w+)(?:<[^(]*>)?\(/gm)].map(([, name]) => name ?? '');
    const others = new Set(['to', 'as']);
    assert.deepEqual(
      [...new Set(methods)].filter((name) => !others.has(name)).toSorted(),
      Object.keys(rules).toSorted(),
    );
  });
});
