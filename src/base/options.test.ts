import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PrivityError } from './errors.ts';
import { checkOptions, type OptionNames } from './options.ts';

interface Given {
  readonly job: string;
  readonly inputs?: Readonly<Record<string, string>> | undefined;
}
const NAMES: OptionNames<Given> = { job: 'needed text', inputs: 'optional' };

const said = (options: unknown): string => {
  try {
    checkOptions('local', options, NAMES);
    return '';
  } catch (error) {
    assert.ok(error instanceof PrivityError && error.code === 'PRIVITY_API_INVALID');
    return error.message;
  }
};

it('options are refused by name that a call does not have, or lacks', () => {
  assert.equal(said({ job: 'job.ts', inputs: {} }), '');
  assert.equal(said({ job: 'job.ts', inputs: undefined }), '');
  const rest = 'its options: job, inputs.';
  assert.equal(
    said({ job: 'job.ts', input: {} }),
    `local(): unknown option "input", did you mean "inputs"? ${rest}`,
  );
  assert.equal(said({ job: 'job.ts', colour: 'red' }), `local(): unknown option "colour"; ${rest}`);
  assert.equal(said({ job: 'job.ts', toString: 1 }), `local(): unknown option "toString"; ${rest}`);
  for (const none of [undefined, null, 'job.ts', ['job.ts']])
    assert.equal(said(none), `local(): expected a record of options; ${rest}`);
  assert.equal(said({}), `local(): job is missing, or is no text; ${rest}`);
});
