import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { UsageError } from '../../base/errors.ts';
import { systemClock } from '../../base/system.ts';
import type { IdentityFiles } from '../../config/identity-files.ts';
import { watchIdentity } from './identity-watch.ts';

const files = (certPem: string): IdentityFiles => ({ certPem, keyPem: 'key', fingerprint: 'same' });

it('uses a renewed certificate once, says once what is wrong with one, and ends', async () => {
  const looks: (() => void)[] = [];
  const after = (_: number, look: () => void) => {
    looks.push(look);
    return { cancel: () => void looks.splice(0) };
  };
  const used: string[] = [];
  const said: string[] = [];
  let found: () => IdentityFiles = () => files('first');
  const end = watchIdentity({
    known: files('first'),
    clock: { ...systemClock, after },
    read: async () => found(),
    use: ({ certPem }) => used.push(certPem),
    warn: (message) => said.push(message),
  });
  const look = async (): Promise<void> => {
    looks.shift()?.();
    await turn();
  };
  await look();
  assert.deepEqual([used, said], [[], []]);
  found = () => {
    throw new UsageError('PRIVITY_CONFIG_CERTIFICATE', 'half of a file');
  };
  await look();
  await look();
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /PRIVITY_CONFIG_CERTIFICATE: half of a file/);
  found = () => files('second');
  await look();
  await look();
  assert.deepEqual(used, ['second']);
  end();
  assert.equal(looks.length, 0);
});
