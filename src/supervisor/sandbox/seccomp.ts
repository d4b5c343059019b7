/**
 * What the kernel refuses to a sandboxed program, as a filter in classic BPF (seccomp(2)). Threads may be started,
 * processes may not; sockets that the supervisor hands over may be used, none may be made or led elsewhere; other
 * processes cannot be looked into.
 */
import { endianness } from 'node:os';

/** Numbers of system calls: x64, arm64 (where some of the older do not exist). */
type Numbers = readonly [x64: number, arm64: number | undefined];

/** AUDIT_ARCH_… */
const ARCHITECTURES: Partial<Record<NodeJS.Architecture, { readonly at: 0 | 1; readonly audit: number }>> = {
  x64: { at: 0, audit: 0xc000003e },
  arm64: { at: 1, audit: 0xc00000b7 },
};

/** Answered with EPERM. */
const REFUSED: Readonly<Record<string, Numbers>> = {
  fork: [57, undefined],
  vfork: [58, undefined],
  socket: [41, 198],
  connect: [42, 203],
  bind: [49, 200],
  listen: [50, 201],
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  unshare: [272, 97],
  setns: [308, 268],
  mount: [165, 40],
  pivot_root: [155, 41],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  userfaultfd: [323, 282],
  open_by_handle_at: [304, 265],
  memfd_create: [319, 279],
};

/** Answered as if this kernel did not have them: then what is refused above is used instead, or not needed. */
const UNKNOWN: Readonly<Record<string, Numbers>> = { clone3: [435, 435], io_uring_setup: [425, 425] };

const CLONE: Numbers = [56, 220];
const CLONE_THREAD = 0x00010000;
/** From here on x64 has system calls of another kind, which this does not list. */
const X32_FIRST = 0x40000000;

const [EPERM, ENOSYS] = [1, 38];
const RETURN_ALLOW = 0x7fff0000;
const RETURN_ERRNO = 0x00050000;

/** linux/bpf_common.h */
const [LOAD, JUMP_EQUAL, JUMP_AT_LEAST, JUMP_SET, RETURN] = [0x20, 0x15, 0x35, 0x45, 0x06];
/**
 * struct seccomp_data: the number of the call, the architecture, the low half of the first argument (little-endian).
 */
const [NUMBER, ARCHITECTURE, ARGUMENT] = [0, 4, 16];

/** Undefined for processors whose numbers are not known here. */
export function seccompFilter(architecture: NodeJS.Architecture = process.arch): Buffer | undefined {
  const known = ARCHITECTURES[architecture];
  if (known === undefined || endianness() !== 'LE') return undefined;
  const { at, audit } = known;
  const refuse = (errno: number): Buffer => instruction(RETURN, 0, 0, RETURN_ERRNO | errno);
  /** Goes on behind the next instruction unless they are equal. */
  const only = (number: number): Buffer => instruction(JUMP_EQUAL, 0, 1, number);
  const refusals = (calls: Readonly<Record<string, Numbers>>, errno: number): readonly Buffer[] =>
    Object.values(calls).flatMap((numbers) => {
      const number = numbers[at];
      return number === undefined ? [] : [only(number), refuse(errno)];
    });
  return Buffer.concat([
    instruction(LOAD, 0, 0, ARCHITECTURE),
    instruction(JUMP_EQUAL, 1, 0, audit),
    refuse(EPERM),
    instruction(LOAD, 0, 0, NUMBER),
    instruction(JUMP_AT_LEAST, 0, 1, X32_FIRST),
    refuse(EPERM),
    ...refusals(REFUSED, EPERM),
    ...refusals(UNKNOWN, ENOSYS),
    instruction(JUMP_EQUAL, 0, 3, CLONE[at] ?? 0),
    instruction(LOAD, 0, 0, ARGUMENT),
    instruction(JUMP_SET, 1, 0, CLONE_THREAD),
    refuse(EPERM),
    instruction(RETURN, 0, 0, RETURN_ALLOW),
  ]);
}

/** struct sock_filter */
function instruction(code: number, ifTrue: number, ifFalse: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(ifTrue, 2);
  bytes.writeUInt8(ifFalse, 3);
  bytes.writeUInt32LE(value >>> 0, 4);
  return bytes;
}
