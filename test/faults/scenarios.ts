/**
 * The fault matrix: what is done to whom and when, and how every party has to end. Bounds of detection are those that
 * the failure model promises, plus what a busy machine of two cores adds; the long form prints what was really
 * measured.
 */
import { hostScenarios } from './host-scenarios.ts';
import { momentScenarios } from './moment-scenarios.ts';
import { networkScenarios } from './network-scenarios.ts';
import { processScenarios } from './process-scenarios.ts';
import type { Scenario } from './scenario.ts';
import { secureScenarios } from './secure-scenarios.ts';

export const scenarios: readonly Scenario[] = [
  ...processScenarios,
  ...networkScenarios,
  ...momentScenarios,
  ...hostScenarios,
  ...secureScenarios,
];
