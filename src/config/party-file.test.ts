import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { UsageError } from '../base/errors.ts';
import { systemClock } from '../base/system.ts';
import { createIdentity, fingerprint } from '../transport/identity/certificate.ts';
import { formatFederation } from './federation-file.ts';
import { readIdentityFiles } from './identity-files.ts';
import { readPartyFile } from './party-file.ts';

const refused = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UsageError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'privity-config-test-'));
});
after(() => rm(folder, { recursive: true, force: true }));

describe('party files and identities', () => {
  const make = async (name: string, change: (text: string) => string = (text) => text): Promise<string> => {
    const home = join(folder, name);
    await mkdir(home);
    const alice = await createIdentity({ party: 'alice', clock: systemClock });
    const other = await createIdentity({ party: 'alice', clock: systemClock });
    const bob = await createIdentity({ party: 'bob', clock: systemClock });
    const parties = [
      { name: 'alice', host: '127.0.0.1', port: 7420, fingerprint: fingerprint(alice.certPem) },
      { name: 'bob', host: '127.0.0.1', port: 7421, fingerprint: fingerprint(bob.certPem) },
    ];
    await writeFile(join(home, 'federation.yaml'), formatFederation({ name: 'demo', parties }));
    for (const [file, text] of [
      ['alice.key.pem', alice.keyPem],
      ['alice.cert.pem', alice.certPem],
      ['other.key.pem', other.keyPem],
      ['other.cert.pem', other.certPem],
      ['bob.cert.pem', bob.certPem],
    ] as const) {
      await writeFile(join(home, file), text);
    }
    const text = `party: alice
federation: ./federation.yaml
key: ./alice.key.pem
certificate: ./alice.cert.pem
settings:
  table: ./a.csv
  list: [../b.csv, plain]
  limit: 5
bounds:
  graceMs: 100
errorDetail: message
`;
    const path = join(home, 'party.yaml');
    await writeFile(path, change(text));
    return path;
  };

  it('reads a good one, with paths from its own folder', async () => {
    const path = await make('good');
    const config = await readPartyFile(path);
    assert.equal(config.party, 'alice');
    assert.deepEqual(config.settings, {
      table: join(folder, 'good', 'a.csv'),
      list: [join(folder, 'b.csv'), 'plain'],
      limit: 5,
    });
    assert.deepEqual(config.bounds, { graceMs: 100 });
    assert.equal(config.errorDetail, 'message');
    assert.deepEqual(config.listen, { host: '127.0.0.1', port: 7420 });
    const identity = await readIdentityFiles(config);
    assert.equal(identity.fingerprint, config.member.fingerprint);
    assert.equal(config.psiProtocols, undefined);
    const careful = await readPartyFile(await make('careful', (t) => `${t}psi: { protocols: [dh] }\n`));
    assert.deepEqual(careful.psiProtocols, ['dh']);
    const everywhere = await readPartyFile(await make('everywhere', (t) => `${t}listen: 0.0.0.0:7420\n`));
    assert.deepEqual(everywhere.listen, { host: '0.0.0.0', port: 7420 });
  });

  const mistakes: [string, (text: string) => string, string, RegExp][] = [
    [
      'an unknown bound',
      (t) => t.replace('graceMs', 'gracems'),
      'PRIVITY_CONFIG_UNKNOWN_KEY',
      /:10:3: bounds: unknown key "gracems"; did you mean "graceMs"\?/,
    ],
    [
      'a bound that is no number',
      (t) => t.replace('100', '1s'),
      'PRIVITY_CONFIG_VALUE',
      /:10:12: bounds\.graceMs: expected whole milliseconds/,
    ],
    [
      'a bound out of range',
      (t) => t.replace('100', '0'),
      'PRIVITY_CONFIG_VALUE',
      /bounds\.graceMs: expected whole milliseconds/,
    ],
    [
      'an unknown detail',
      (t) => t.replace('message', 'all'),
      'PRIVITY_CONFIG_VALUE',
      /errorDetail: expected one of redacted, message, full/,
    ],
    [
      'a protocol that there is not',
      (t) => `${t}psi: { protocols: [dh, kkrt] }\n`,
      'PRIVITY_CONFIG_VALUE',
      /psi\.protocols\[1\]: expected one of dh, rr22/,
    ],
    [
      'an empty list of protocols',
      (t) => `${t}psi: { protocols: [] }\n`,
      'PRIVITY_CONFIG_VALUE',
      /psi\.protocols: expected a list of protocols: dh, rr22/,
    ],
    [
      'an unknown word about intersections',
      (t) => `${t}psi: { protocol: dh }\n`,
      'PRIVITY_CONFIG_UNKNOWN_KEY',
      /psi: unknown key "protocol"; did you mean "protocols"\?/,
    ],
    [
      'a party that the federation lacks',
      (t) => t.replace('party: alice', 'party: alic'),
      'PRIVITY_CONFIG_PARTY_UNKNOWN',
      /:1:8: party: .*did you mean "alice"\?/,
    ],
    [
      'a federation file that is not there',
      (t) => t.replace('federation.yaml', 'federatoin.yaml'),
      'PRIVITY_CONFIG_FILE_MISSING',
      /federatoin\.yaml: there is no such federation file/,
    ],
    [
      'a bad listen address',
      (t) => `${t}listen: 7420\n`,
      'PRIVITY_CONFIG_VALUE',
      /listen: expected an address HOST:PORT/,
    ],
  ];
  mistakes.forEach(([what, change, code, message], index) => {
    it(`refuses ${what}`, async () => {
      const path = await make(`mistake-${index}`, change);
      await assert.rejects(readPartyFile(path), refused(code, message));
    });
  });

  const identityMistakes: [string, (text: string) => string, string][] = [
    [
      "another key than the certificate's",
      (t) => t.replace('alice.key', 'other.key'),
      'PRIVITY_CONFIG_KEY_MISMATCH',
    ],
    [
      'another pair than the federation lists',
      (t) => t.replaceAll('./alice.', './other.'),
      'PRIVITY_CONFIG_FINGERPRINT_MISMATCH',
    ],
    ["another party's certificate", (t) => t.replace('alice.cert', 'bob.cert'), 'PRIVITY_CONFIG_CERTIFICATE'],
    [
      'a key in the place of the certificate',
      (t) => t.replace('alice.cert', 'alice.key'),
      'PRIVITY_CONFIG_CERTIFICATE',
    ],
    [
      'a certificate in the place of the key',
      (t) => t.replace('alice.key', 'alice.cert'),
      'PRIVITY_CONFIG_CERTIFICATE',
    ],
    ['a missing key', (t) => t.replace('alice.key', 'carol.key'), 'PRIVITY_CONFIG_FILE_MISSING'],
  ];
  identityMistakes.forEach(([what, change, code], index) => {
    it(`refuses ${what}, and never quotes a key`, async () => {
      const config = await readPartyFile(await make(`identity-${index}`, change));
      await assert.rejects(readIdentityFiles(config), (error: Error) => {
        assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /PRIVATE KEY|MIG/);
        return refused(code, /./)(error);
      });
    });
  });
});
