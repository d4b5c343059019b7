/** What can be told without the network: pure functions of facts that were read elsewhere. */
import { dealt } from '../../secure/protocols/table.ts';
import type { FoundSandbox } from '../../supervisor/sandbox/launch.ts';
import { HOW_TO_HAVE_IT, WITHOUT_SANDBOX } from '../../supervisor/sandbox/policy.ts';
import { type Check, failed, ok, unknown, warning } from './check.ts';

const DAY_MS = 86_400_000;

/** A certificate that expires sooner is worth a word: exchanging nothing, but someone has to renew it. */
export const EXPIRY_WARNING_DAYS = 30;

/** Files that seem to come from the future by more than this mean that the clock is behind. */
export const CLOCK_TOLERANCE_MS = 10 * 60_000;

/** The oldest Node that is tested; `engines` in package.json says the same. */
export const NODE_VERSION_MIN = [20, 19] as const;

export function checkNodeVersion(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [needMajor, needMinor] = NODE_VERSION_MIN;
  const text = `Node ${version.replace(/^v/, '')}`;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return ok('node', text);
  return failed('node', text, `install Node ${needMajor}.${needMinor} or newer`);
}

/**
 * What computes here: native code and WebAssembly are replaced by slower code where they cannot be loaded, which is
 * said, and never silently.
 */
export interface ComputesWith {
  /** Of an intersection. */
  readonly curve: 'sodium-native' | 'node:crypto';
  /** Of secure devices. */
  readonly kernels: 'wasm' | 'typescript';
}

export function checkNativeCode({ curve, kernels }: ComputesWith): Check {
  const missing = [
    ...(curve === 'sodium-native'
      ? []
      : [
          `sodium-native cannot be loaded: psi computes with ${curve}, some ten times slower, and ${dealt.join(' and ')} always needs a dealer`,
        ]),
    ...(kernels === 'wasm'
      ? []
      : ['WebAssembly kernels cannot be loaded: secure devices compute in TypeScript, far slower']),
  ];
  if (missing.length === 0) return ok('native code', 'sodium-native and WebAssembly kernels');
  const remedy =
    'install Privity again on this machine (npm ci); sodium-native has builds for Linux, macOS and Windows on x64 and arm64';
  return warning('native code', missing.join('; '), remedy);
}

/**
 * Whether code of others can be run in a sandbox. None is wanted by default, so that there is none is no more than
 * worth knowing.
 */
export function checkSandbox(found: FoundSandbox): Check {
  if (found.kind === 'bubblewrap') return ok('sandbox', `can be had: ${found.path}`);
  return unknown(
    'sandbox',
    `none can be had: ${found.reason}. In a run without one ${WITHOUT_SANDBOX}`,
    HOW_TO_HAVE_IT,
  );
}

/** The mode of the private key's file, as `stat` gives it. Not checked where files have no such modes. */
export function checkKeyMode(file: string, mode: number, platform: NodeJS.Platform): Check {
  if (platform === 'win32') return ok('key file', `${file} (permissions are not checked on this system)`);
  const others = mode & 0o077;
  if (others === 0) return ok('key file', `${file}, readable by its owner only`);
  const octal = (mode & 0o777).toString(8).padStart(3, '0');
  const remedy = `chmod 600 ${file}; if others may have read it, make a new key with privity keygen --force`;
  return warning(
    'key file',
    `${file} has mode ${octal}: other users of this machine can read the private key`,
    remedy,
  );
}

export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export function checkValidity(party: string, { notBeforeMs, notAfterMs }: Validity, nowMs: number): Check {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  const renew = `privity keygen --party ${party} --renew (the key and the fingerprint stay the same)`;
  if (nowMs < notBeforeMs) {
    return failed(
      'certificate',
      `valid from ${day(notBeforeMs)} only`,
      "set this machine's clock: it is behind, or the certificate was made with a clock ahead",
    );
  }
  if (nowMs > notAfterMs) return failed('certificate', `expired on ${day(notAfterMs)}`, renew);
  const daysLeft = Math.floor((notAfterMs - nowMs) / DAY_MS);
  if (daysLeft < EXPIRY_WARNING_DAYS)
    return warning('certificate', `expires on ${day(notAfterMs)}, in ${daysLeft} days`, renew);
  return ok('certificate', `valid until ${day(notAfterMs)}`);
}

/** A clock that is behind its own files is wrong. A clock that is ahead shows only where certificates seem expired. */
export function checkClock(nowMs: number, newestFileMs: number): Check {
  const text = `${new Date(nowMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  if (newestFileMs - nowMs > CLOCK_TOLERANCE_MS) {
    const remedy = 'set the clock, best by a time service (chrony, systemd-timesyncd)';
    return failed('clock', `${text}, but files of this party are newer: the clock is behind`, remedy);
  }
  return ok('clock', text);
}
