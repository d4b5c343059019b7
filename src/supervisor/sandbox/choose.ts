/** What becomes of a party's policy on this machine. */
import { EnvironmentError } from '../../base/errors.ts';
import { type FoundSandbox, findSandbox } from './launch.ts';
import { HOW_TO_HAVE_IT, type SandboxPolicy, WITHOUT_SANDBOX } from './policy.ts';

/** Where one is wanted and there is none, the run goes on and says so. */
export type SandboxChoice = FoundSandbox;

/**
 * Before any code of a job is loaded. Undefined: none is wanted.
 * @throws {EnvironmentError} PRIVITY_SANDBOX_MISSING: one is required
 */
export async function chooseSandbox(
  policy: SandboxPolicy,
  find: () => Promise<FoundSandbox> = findSandbox,
): Promise<SandboxChoice | undefined> {
  if (policy === 'off') return undefined;
  const found = await find();
  if (found.kind === 'none' && policy === 'required') {
    const text = `no sandbox: ${found.reason}. Without one ${WITHOUT_SANDBOX}; this party's policy is sandbox: required. To have one, ${HOW_TO_HAVE_IT}`;
    throw new EnvironmentError('PRIVITY_SANDBOX_MISSING', text);
  }
  return found;
}

/** What is said of a run that wants a sandbox and has none. */
export function withoutSandboxText(reason: string): string {
  return `no sandbox (${reason}): ${WITHOUT_SANDBOX}`;
}
