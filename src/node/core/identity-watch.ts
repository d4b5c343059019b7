/** A certificate that is renewed while the node runs: its file is read again, and what has changed is used. */
import type { IdentityFiles } from '../../config/identity-files.ts';
import type { Clock, Timer } from '../../contracts/index.ts';
import { wordsOf } from '../words-of.ts';

/** Between two looks: certificates are renewed days before they expire. */
const RENEWAL_LOOK_MS = 60_000;

interface IdentityWatchPlan {
  readonly known: IdentityFiles;
  readonly clock: Clock;
  readonly read: () => Promise<IdentityFiles>;
  /** For connections from now on. @throws where partners would refuse it */
  readonly use: (identity: IdentityFiles) => void;
  readonly warn: (message: string) => void;
}

/** @returns what ends it */
export function watchIdentity({ known, clock, read, use, warn }: IdentityWatchPlan): () => void {
  let { certPem } = known;
  let said = '';
  const look = async (): Promise<void> => {
    try {
      const found = await read();
      said = '';
      if (found.certPem === certPem) return;
      use(found);
      certPem = found.certPem;
      warn('the certificate was renewed; connections from now on are made with it');
    } catch (error) {
      const why = `the certificate cannot be renewed, and the one before is used: ${wordsOf(error)}`;
      // Once for each reason: files that are being written are whole at the next look.
      if (why !== said) warn(why);
      said = why;
    }
  };
  let isOver = false;
  const again = (): Timer =>
    clock.after(RENEWAL_LOOK_MS, () => {
      void look().then(() => {
        if (!isOver) timer = again();
      });
    });
  let timer = again();
  return () => {
    isOver = true;
    timer.cancel();
  };
}
