/** Which cells can be tried on this machine, by this user. The others are left out, with a word. */
import { namespacesMissing } from './namespaces.ts';
import type { Scenario } from './scenario.ts';

/** Why a scenario cannot be tried here; null if it can. */
export function whyImpossible(scenario: Scenario): string | null {
  if (scenario.root && process.getuid?.() !== 0) return 'it needs root';
  if (scenario.hosts) {
    const missing = namespacesMissing();
    return missing && `no network namespaces (${missing})`;
  }
  return null;
}
