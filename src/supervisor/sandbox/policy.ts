/** Whether a party lets code of a job run outside of a sandbox, and what it means if it does. */

/** `preferred`: in a sandbox where one can be had; else the run says what that means. `required`: not at all then. */
export const SANDBOX_POLICIES = ['off', 'preferred', 'required'] as const;

/** Whether the code of a job runs in a sandbox. */
export type SandboxPolicy = (typeof SANDBOX_POLICIES)[number];

/** Nobody's word makes less of another's. */
export function stricter(a: SandboxPolicy, b: SandboxPolicy): SandboxPolicy {
  return SANDBOX_POLICIES.indexOf(a) > SANDBOX_POLICIES.indexOf(b) ? a : b;
}

/** In words, of a run without. */
export const WITHOUT_SANDBOX =
  'the code of the job can read and write every file of this user, connect to any address, start programs, load native code, and see the environment and other processes';

export const HOW_TO_HAVE_IT =
  'install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap) and let users make namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0); there is none on macOS and Windows';

/** What code can be seen to try. Static words: they cross to the other parties. */
export const TRIED = {
  network: 'to use the network',
  process: 'to start a process',
  thread: 'to start a thread',
  native: 'to load native code',
  internals: 'to reach into the internals of Node.js',
  signal: 'to signal another process',
  channel: 'to speak to the supervisor in place of Privity',
} as const;

export type Tried = keyof typeof TRIED;
