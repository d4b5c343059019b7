/**
 * A party's ledger against the wire. Values are messages of their own, and so are intersections and profiles; what a
 * secure device shares or opens goes with other numbers in the messages of an exchange, so of that can be said only
 * that such messages were sent.
 */
import type { StepKind } from '../coordination/failure.ts';
import type { Disclosure, RunReport } from '../observe/report.ts';
import type { WireMessage } from './world.ts';

/** Steps of which every message tells what the ledger says. */
const OWN_MESSAGES: ReadonlySet<StepKind | undefined> = new Set<StepKind>(['psi', 'profile']);
/** Steps of a secure device; a computation tells others the bit that it opens on its way. */
const SHARED: ReadonlySet<StepKind | undefined> = new Set<StepKind>(['share', 'secure', 'reveal']);

/** What does not fit, in words; nothing, where everything does. */
export function ledgerProblems(report: RunReport, wire: readonly WireMessage[]): readonly string[] {
  const sent = wire.filter(({ from }) => from === report.party);
  const kinds = new Map(report.steps.map(({ stepId, kind }) => [stepId, kind]));
  const plain = sent.filter(({ stepId, kind }) => kind === 'value' || OWN_MESSAGES.has(kinds.get(stepId)));
  const isPlain = ({ stepId }: { readonly stepId: string }): boolean =>
    plain.some((message) => message.stepId === stepId);
  return [
    ...missing(report, plain),
    ...report.disclosures.flatMap((disclosure) => unsent(disclosure, sent, isPlain(disclosure))),
    ...disorder(report, plain, isPlain),
    ...report.withheld.flatMap(({ stepId, name, to }) =>
      plain.some((message) => message.stepId === stepId && to.includes(message.to))
        ? [`"${name}" is listed as withheld, and left`]
        : [],
    ),
  ];
}

function missing({ disclosures }: RunReport, plain: readonly WireMessage[]): string[] {
  return plain.flatMap(({ stepId, to }) => {
    const entry = disclosures.find((disclosure) => disclosure.stepId === stepId);
    return entry?.to.includes(to) ? [] : [`step ${stepId} left for ${to}, and is not in the ledger`];
  });
}

function unsent(
  { stepId, name, kind, to }: Disclosure,
  sent: readonly WireMessage[],
  isPlain: boolean,
): string[] {
  const isShared = !isPlain && SHARED.has(kind);
  const all = to.every((party) => sent.some((message) => message.stepId === stepId && message.to === party));
  const some = sent.some((message) => message.kind === 'channel' && to.includes(message.to));
  return all || (isShared && some) ? [] : [`"${name}" is in the ledger, and did not leave`];
}

/** Both in the order of their first appearance. */
function disorder(
  { disclosures }: RunReport,
  plain: readonly WireMessage[],
  isPlain: (disclosure: Disclosure) => boolean,
): string[] {
  const left = [...new Set(plain.map(({ stepId }) => stepId))];
  const listed = disclosures.filter(isPlain).map(({ stepId }) => stepId);
  const at = listed.findIndex((stepId, index) => stepId !== left[index]);
  return at < 0
    ? []
    : [`step ${listed[at]} is listed as number ${at + 1} of what left, which was step ${left[at]}`];
}
