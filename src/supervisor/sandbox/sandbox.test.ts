import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EnvironmentError } from '../../base/errors.ts';
import { DialsForProgram } from '../seam/dials.ts';
import { permissionArguments } from './bubblewrap.ts';
import { chooseSandbox, withoutSandboxText } from './choose.ts';
import { SANDBOX_POLICIES, stricter } from './policy.ts';
import { seccompFilter } from './seccomp.ts';
import { outermost, packagesAround, pathsIn } from './view.ts';

const [X64, ARM64] = [0xc000003e, 0xc00000b7];
const [ALLOW, EPERM, ENOSYS] = ['allow', 'errno 1', 'errno 38'];

/** What the kernel would make of a call: the instructions of classic BPF that the filter uses. */
function decide(filter: Buffer, audit: number, call: number, argument = 0): string {
  const data = new Map([
    [0, call],
    [4, audit],
    [16, argument],
  ]);
  let loaded = 0;
  for (let at = 0; at * 8 < filter.length; at++) {
    const [code, k] = [filter.readUInt16LE(at * 8), filter.readUInt32LE(at * 8 + 4)];
    const [ifTrue, ifFalse] = [filter.readUInt8(at * 8 + 2), filter.readUInt8(at * 8 + 3)];
    if (code === 0x20) loaded = data.get(k) ?? 0;
    else if (code === 0x06) return k === 0x7fff0000 ? ALLOW : `errno ${k & 0xffff}`;
    else {
      const holds = { 21: loaded === k, 53: loaded >= k, 69: (loaded & k) !== 0 }[code];
      assert.notEqual(holds, undefined, `instruction ${at}`);
      at += holds ? ifTrue : ifFalse;
    }
  }
  assert.fail('the filter has no end');
}

describe('the filter of system calls', () => {
  const CLONE_THREAD = 0x10000;
  const cases: readonly (readonly [
    NodeJS.Architecture,
    number,
    readonly (readonly [string, number, number, string])[],
  ])[] = [
    [
      'x64',
      X64,
      [
        ['read', 0, 0, ALLOW],
        ['sendmsg', 46, 0, ALLOW],
        ['clone of a thread', 56, CLONE_THREAD | 0x100, ALLOW],
        ['clone of a process', 56, 0x11, EPERM],
        ['fork', 57, 0, EPERM],
        ['vfork', 58, 0, EPERM],
        ['clone3', 435, 0, ENOSYS],
        ['socket', 41, 2, EPERM],
        ['connect', 42, 0, EPERM],
        ['ptrace', 101, 0, EPERM],
        ['io_uring_setup', 425, 0, ENOSYS],
        ['a call of x32', 0x40000000 + 41, 0, EPERM],
      ],
    ],
    [
      'arm64',
      ARM64,
      [
        ['read', 63, 0, ALLOW],
        ['clone of a thread', 220, CLONE_THREAD, ALLOW],
        ['clone of a process', 220, 0x11, EPERM],
        ['socket', 198, 2, EPERM],
        ['clone3', 435, 0, ENOSYS],
      ],
    ],
  ];
  for (const [architecture, audit, calls] of cases) {
    it(`on ${architecture}`, () => {
      const filter = seccompFilter(architecture);
      assert.ok(filter);
      for (const [name, call, argument, expected] of calls)
        assert.equal(decide(filter, audit, call, argument), expected, name);
      assert.equal(decide(filter, 0x40000003, 0), EPERM, 'another architecture');
    });
  }

  it('is none where its numbers are not known', () => {
    assert.equal(seccompFilter('ppc64'), undefined);
  });
});

describe('the policy of a party', () => {
  it('is the stricter of two', () => {
    for (const a of SANDBOX_POLICIES) {
      for (const b of SANDBOX_POLICIES) {
        assert.equal(stricter(a, b), stricter(b, a));
        assert.ok([a, b].includes(stricter(a, b)));
      }
    }
    assert.equal(stricter('preferred', 'required'), 'required');
    assert.equal(stricter('off', 'preferred'), 'preferred');
  });

  it('looks for none, goes on without, or refuses', async () => {
    const none = { kind: 'none', reason: 'bubblewrap is not installed' } as const;
    assert.equal(await chooseSandbox('off', () => assert.fail('nobody asked')), undefined);
    assert.deepEqual(await chooseSandbox('preferred', () => Promise.resolve(none)), none);
    await assert.rejects(
      chooseSandbox('required', () => Promise.resolve(none)),
      (error: unknown) => {
        assert.ok(error instanceof EnvironmentError);
        assert.equal(error.code, 'PRIVITY_SANDBOX_MISSING');
        assert.match(
          error.message,
          /bubblewrap is not installed.*every file of this user.*apt-get install bubblewrap/,
        );
        return true;
      },
    );
    assert.match(withoutSandboxText(none.reason), /not installed.*start programs/);
  });
});

describe("what is given to Node's permission model", () => {
  it('is what this version has', () => {
    const of = (...flags: string[]) => permissionArguments((flag) => flags.includes(flag));
    assert.deepEqual(of(), []);
    assert.equal(of('--experimental-permission')[0], '--experimental-permission');
    assert.equal(of('--experimental-permission', '--permission')[0], '--permission');
    assert.ok(of('--permission', '--allow-net', '--allow-worker').includes('--allow-net'));
    assert.ok(!of('--permission').includes('--allow-child-process'));
  });
});

describe('what a program sees', () => {
  it('is each path once, outermost folders first', () => {
    assert.deepEqual(outermost(['/b/c/d', '/a-b', '/b/c', '/a', '/b/c', '/a/x']), ['/a', '/a-b', '/b/c']);
    assert.deepEqual(outermost(['/x', '/']), ['/']);
  });

  it('has the paths of settings, however deep', () => {
    const settings = {
      table: '/data/a.csv',
      list: ['/b', 'c'],
      nested: { more: { path: '/d' } },
      n: 1,
      no: null,
    };
    assert.deepEqual(pathsIn(settings), ['/data/a.csv', '/b', '/d']);
    assert.deepEqual(packagesAround('/srv/x/node_modules/a/node_modules/b'), ['/srv/x/node_modules']);
  });
});

describe('a connection that a program asks for', () => {
  it('goes to a party of the federation only', () => {
    const answers: unknown[] = [];
    const dials = new DialsForProgram([], (answer) => answers.push(answer));
    dials.dial({ type: 'dial', id: 1, peer: 'elsewhere' });
    assert.deepEqual(answers, [{ type: 'notDialled', id: 1, reason: 'no such party' }]);
  });
});
