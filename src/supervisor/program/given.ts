import type { RuntimeOptions } from '../../program/runtime.ts';
import type { ToProgram } from '../seam/ipc.ts';

/** Of what the supervisor has said what the runtime takes as it is. */
export function givenOptions({
  party,
  parties,
  args,
  settings,
  errorDetail,
  contract,
  minimumRows,
  psiProtocols,
  plaintext,
  tempDir,
}: Extract<ToProgram, { type: 'load' }>) {
  return {
    ...{ party, parties, args, settings, errorDetail },
    ...{ contract, minimumRows, psiProtocols, plaintext, tempDir },
  } satisfies Partial<RuntimeOptions>;
}
