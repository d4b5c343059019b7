import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { share } from '../../test/effort.ts';
import { PrivityError, UsageError } from '../base/errors.ts';
import { defaultListen, formatAddress, isUnspecified, parseAddress } from './address.ts';
import {
  type Federation,
  federationDigest,
  formatFederation,
  parseFederation,
  readFederationFile,
} from './federation-file.ts';
import { CONFIG_BYTES_MAX, parseYaml, readYamlFile } from './yaml-file.ts';

const pin = (letter: string): string => `sha256:${letter.repeat(43)}`;

const federationText = (change: (text: string) => string = (text) => text): string =>
  change(`federation: demo
parties:
  - name: alice
    address: alice.example.org:7420
    fingerprint: ${pin('a')}
  - name: bob
    address: "[2001:db8::7]:7421"
    fingerprint: ${pin('b')}
`);

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

const write = async (name: string, text: string | Uint8Array): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};

describe('addresses', () => {
  it('law: what is formatted reads back', () => {
    const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), (name, port) => {
        assert.deepEqual(parseAddress(formatAddress({ host: name, port })), { host: name, port });
      }),
    );
  });

  it('refuses what is none', () => {
    const wrong = [
      '',
      'bob',
      'bob:',
      ':7420',
      'bob:0',
      'bob:65536',
      'bob:7x',
      '2001:db8::7:7420',
      'http://bob:80',
      'a b:1',
      'u@h:1',
      '[bob]:1',
    ];
    for (const text of wrong) assert.equal(parseAddress(text), undefined, text);
  });

  it('tells an address that nobody can dial from one', () => {
    const none = ['0.0.0.0', '0', '0x0', '0.0', '00.0.0.0', '0.0.0.0.', '::', '::0', '0:0:0:0:0:0:0:0'];
    for (const host of [...none, '::ffff:0.0.0.0']) assert.ok(isUnspecified(host), host);
    for (const host of ['127.0.0.1', '::1', '10.0.0.0', '0.example.org', 'zero', '0.0.0.1', '2001:db8::'])
      assert.ok(!isUnspecified(host), host);
  });

  it('listens on all interfaces unless the address is a loopback', () => {
    assert.deepEqual(defaultListen({ host: 'localhost', port: 1 }), { host: 'localhost', port: 1 });
    assert.deepEqual(defaultListen({ host: '127.0.0.9', port: 1 }), { host: '127.0.0.9', port: 1 });
    assert.deepEqual(defaultListen({ host: 'alice.example.org', port: 1 }), { host: '0.0.0.0', port: 1 });
    assert.deepEqual(defaultListen({ host: '2001:db8::7', port: 1 }), { host: '::', port: 1 });
  });
});

describe('federation files', () => {
  it('may name their version, and are refused if it is another', async () => {
    assert.ok(
      await readFederationFile(
        await write(
          'v1.yaml',
          federationText((text) => `version: 1\n${text}`),
        ),
      ),
    );
    const next = await write(
      'v2.yaml',
      federationText((text) => `${text}version: 2\nmembers: []\n`),
    );
    await assert.rejects(
      readFederationFile(next),
      refused(
        'PRIVITY_CONFIG_VERSION',
        /v2\.yaml:\d+:\d+: a file of version 2; this Privity reads version 1/,
      ),
    );
  });

  it('reads a good one', async () => {
    const federation = await readFederationFile(await write('good.yaml', federationText()));
    assert.deepEqual(federation, {
      name: 'demo',
      parties: [
        { name: 'alice', host: 'alice.example.org', port: 7420, fingerprint: pin('a') },
        { name: 'bob', host: '2001:db8::7', port: 7421, fingerprint: pin('b') },
      ],
    });
    assert.deepEqual(parseFederation('again', formatFederation(federation)), federation);
  });

  it('mean the same in whatever order they list the parties', () => {
    const { name, parties } = parseFederation('f', federationText());
    const other = parseFederation('g', formatFederation({ name, parties: parties.toReversed() }));
    assert.deepEqual(other, { name, parties });
    assert.equal(federationDigest(other), federationDigest({ name, parties }));
  });

  const mistakes: [string, (text: string) => string, string, RegExp][] = [
    [
      'an unknown key',
      (t) => t.replace('address: alice', 'adress: alice'),
      'PRIVITY_CONFIG_UNKNOWN_KEY',
      /f:4:5: parties\[0\]: unknown key "adress"; did you mean "address"\?/,
    ],
    [
      'an unknown key at the top',
      (t) => `${t}extra: 1\n`,
      'PRIVITY_CONFIG_UNKNOWN_KEY',
      /^f:9:1: unknown key "extra"; known: version, federation, parties$/,
    ],
    [
      'a missing key',
      (t) => t.replace(/ {4}fingerprint: .*b+\n/, ''),
      'PRIVITY_CONFIG_MISSING_KEY',
      /^f:6:5: parties\[1\]\.fingerprint is missing; expected a fingerprint/,
    ],
    [
      'no parties at all',
      () => 'federation: demo\n',
      'PRIVITY_CONFIG_MISSING_KEY',
      /parties is missing; expected a list of parties/,
    ],
    ['an empty file', () => '', 'PRIVITY_CONFIG_MISSING_KEY', /federation is missing/],
    ['a list for a file', () => '- a\n', 'PRIVITY_CONFIG_VALUE', /^f:1:1: expected keys and values/],
    [
      'text for parties',
      (t) => `${t.split('parties')[0]}parties: alice\n`,
      'PRIVITY_CONFIG_VALUE',
      /^f:2:10: parties: expected a list of parties/,
    ],
    [
      'one party',
      (t) => t.slice(0, t.indexOf('  - name: bob')),
      'PRIVITY_CONFIG_VALUE',
      /at least two parties/,
    ],
    [
      'a bad name',
      (t) => t.replace('name: bob', 'name: Bob'),
      'PRIVITY_CONFIG_VALUE',
      /^f:6:11: parties\[1\]\.name: expected a party name/,
    ],
    [
      'a bad address',
      (t) => t.replace('.org:7420', '.org'),
      'PRIVITY_CONFIG_ADDRESS',
      /^f:4:14: parties\[0\]\.address: expected an address HOST:PORT/,
    ],
    [
      'an address that is only for listening',
      (t) => t.replace('alice.example.org:', '0.0.0.0:'),
      'PRIVITY_CONFIG_ADDRESS',
      /parties\[0\]\.address: expected an address that other parties can dial; .*`listen` in the party file/,
    ],
    [
      'the same for IPv6',
      (t) => t.replace(/"?\[2001:db8::7\]:7421"?/, '"[0::0]:7421"'),
      'PRIVITY_CONFIG_ADDRESS',
      /parties\[1\]\.address: expected an address that other parties can dial/,
    ],
    ['a bad port', (t) => t.replace(':7420', ':74200'), 'PRIVITY_CONFIG_ADDRESS', /port 1 to 65535/],
    [
      'a bad fingerprint',
      (t) => t.replace('sha256:a', 'sha1:a'),
      'PRIVITY_CONFIG_VALUE',
      /^f:5:18: parties\[0\]\.fingerprint: expected a fingerprint/,
    ],
    [
      'a duplicate party',
      (t) => t.replace('name: bob', 'name: alice'),
      'PRIVITY_CONFIG_DUPLICATE',
      /^f:6:11: parties\[1\]\.name: the same name as parties\[0\]$/,
    ],
    [
      'a duplicate fingerprint',
      (t) => t.replace(pin('b'), pin('a')),
      'PRIVITY_CONFIG_DUPLICATE',
      /the same fingerprint as parties\[0\]/,
    ],
    [
      'a duplicate address',
      (t) => t.replace('"[2001:db8::7]:7421"', 'alice.example.org:7420'),
      'PRIVITY_CONFIG_DUPLICATE',
      /the same address as parties\[0\]/,
    ],
    [
      'the same key twice',
      (t) => `${t}federation: again\n`,
      'PRIVITY_CONFIG_SYNTAX',
      /^f:9:1: not valid YAML: duplicate key$/,
    ],
    [
      'bad indentation',
      (t) => t.replace('    address: alice', '   address: alice'),
      'PRIVITY_CONFIG_SYNTAX',
      /^f:\d+:\d+: not valid YAML/,
    ],
    [
      'a tab',
      (t) => t.replace('    address: alice', '\taddress: alice'),
      'PRIVITY_CONFIG_SYNTAX',
      /^f:\d+:\d+: not valid YAML/,
    ],
    ['a list as a key', (t) => `${t}? [a]\n`, 'PRIVITY_CONFIG_SYNTAX', /not valid YAML: key is not text/],
    [
      'keys merged by a file that says it is of YAML 1.1',
      (t) => `%YAML 1.1\n---\nx: &x {federation: demo}\n<<: *x\n${t.replace('federation: demo\n', '')}`,
      'PRIVITY_CONFIG_UNKNOWN_KEY',
      /unknown key "<<"/,
    ],
    [
      'what is nested too deeply',
      () => '? '.repeat(30_000),
      'PRIVITY_CONFIG_SYNTAX',
      /^f(:\d+:\d+)?: not valid YAML/,
    ],
    ['two documents', (t) => `${t}---\n${t}`, 'PRIVITY_CONFIG_SYNTAX', /not valid YAML: multiple docs/],
    [
      'an unknown tag',
      (t) => t.replace('demo', '!!js/function demo'),
      'PRIVITY_CONFIG_SYNTAX',
      /not valid YAML/,
    ],
  ];
  for (const [what, change, code, message] of mistakes) {
    it(`refuses ${what}`, () =>
      assert.throws(() => parseFederation('f', federationText(change)), refused(code, message)));
  }

  it('lists several problems at once', () => {
    const text = federationText((t) => t.replace('name: bob', 'name: Bob').replace('.org:7420', '.org'));
    assert.throws(
      () => parseFederation('f', text),
      (error: Error) => error.message.split('\n').length === 2,
    );
  });

  it('refuses an alias bomb, too large files, other encodings, folders and missing files', async () => {
    const bomb = Array.from(
      { length: 9 },
      (_, i) =>
        `k${i}: &a${i} [${Array(9)
          .fill(i === 0 ? 'x' : `*a${i - 1}`)
          .join(',')}]`,
    ).join('\n');
    assert.throws(() => parseYaml('f', bomb), refused('PRIVITY_CONFIG_SYNTAX', /aliases/));
    const large = await write('large.yaml', new Uint8Array(CONFIG_BYTES_MAX + 1));
    await assert.rejects(readYamlFile(large, 'file'), refused('PRIVITY_CONFIG_FILE_UNREADABLE', /too many/));
    const binary = await write('binary.yaml', new Uint8Array([0xff, 0xfe, 0x41]));
    await assert.rejects(readYamlFile(binary, 'file'), refused('PRIVITY_CONFIG_FILE_UNREADABLE', /UTF-8/));
    await assert.rejects(
      readYamlFile(folder, 'file'),
      refused('PRIVITY_CONFIG_FILE_UNREADABLE', /not a file/),
    );
    await assert.rejects(
      readYamlFile(join(folder, 'none'), 'federation file'),
      refused('PRIVITY_CONFIG_FILE_MISSING', /no such federation file/),
    );
  });

  it('law: any text is read or refused by a typed error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string({ unit: fc.constantFrom('a', ':', ' ', '\n', '-', '[', '{', '"', '&', '*', '!') }),
        ),
        (text) => {
          try {
            parseFederation('f', text);
          } catch (error) {
            assert.ok(
              error instanceof PrivityError && error.code.startsWith('PRIVITY_CONFIG_'),
              String(error),
            );
          }
        },
      ),
      { numRuns: share(500) },
    );
  });
});

describe('the digest of a federation', () => {
  const federation: Federation = parseFederation('f', federationText());

  it('is the one that was computed when the format was fixed', () => {
    assert.match(federationDigest(federation), /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/);
    assert.equal(federationDigest(federation), FIXED_DIGEST);
  });

  it('changes with name, order and keys, not with addresses', () => {
    const digest = federationDigest(federation);
    const differs = (other: Federation): boolean => federationDigest(other) !== digest;
    assert.ok(differs({ ...federation, name: 'demo2' }));
    assert.ok(differs({ ...federation, parties: federation.parties.toReversed() }));
    assert.ok(
      differs({ ...federation, parties: federation.parties.map((m) => ({ ...m, fingerprint: pin('c') })) }),
    );
    assert.ok(!differs({ ...federation, parties: federation.parties.map((m) => ({ ...m, port: 1 })) }));
  });
});

/** From a second implementation, in Python: first 80 bits of the SHA-256, five at a time. */
const FIXED_DIGEST = '29VM-WSM7-WJJ5-940Z';
