/** What a node answers, for people. Pure; everything that another party had a hand in is made printable. */
import type {
  AuditEntry,
  DatasetView,
  GrantView,
  NodeStatus,
  PartnerView,
  ProposalSummary,
  ProposalView,
  Rows,
  RuleView,
  RunDetail,
  RunRow,
  ScheduleView,
  TokenRow,
  UsedGrantView,
} from '../../node/client/answers.ts';

import { alignColumns } from '../output/columns.ts';
import { printable } from '../output/printable.ts';
import { count, duration, momentText, speed } from '../output/quantity.ts';
import type { Style } from '../output/style.ts';
import { priceLines } from './price-text.ts';

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  none: string,
  style: Style,
): string {
  if (rows.length === 0) return `${none}\n`;
  const [first = '', ...lines] = alignColumns([head, ...rows.map((row) => row.map(printable))]);
  return `${[style.dim(first), ...lines].join('\n')}\n`;
}

export function statusText(status: NodeStatus, style: Style): string {
  const { gate, running, queue } = status;
  const lines = [
    ['party', `${status.party}, federation ${status.federation}`],
    ['since', `${momentText(status.since)}, Privity ${status.privity}`],
    [
      'port',
      gate === null
        ? 'the gate is being started'
        : `${gate.host}:${gate.port}, ${count(gate.connections, 'connection')}, process ${gate.pid}`,
    ],
    ['runs', `${running.length} of ${status.runsAtOnceMax} places taken, ${queue.length} wait`],
    ['to decide', count(status.waitingForDecision, 'proposal')],
    ['sandbox', status.sandbox],
    ['store', status.store],
  ];
  return `${alignColumns(lines.map(([name = '', text = '']) => [style.dim(name), printable(text)])).join('\n')}\n`;
}

export function partnersText({ rows }: Rows<PartnerView>, style: Style): string {
  const lines = rows.map((one) => [
    one.name,
    one.state,
    one.address,
    one.privity ?? '-',
    one.roundTripMs === null ? '-' : `${one.roundTripMs.toFixed(1)} ms`,
    one.bytesPerSecond === null ? 'not measured' : speed(one.bytesPerSecond),
    momentText(one.measuredAt),
    one.waiting === 0 ? '-' : String(one.waiting),
    one.datasets.map(({ name }) => name).join(', ') || '-',
    one.why ?? '',
  ]);
  return table(
    [
      ...['PARTNER', 'LINK', 'ADDRESS', 'PRIVITY', 'ROUND TRIP', 'SPEED', 'MEASURED', 'WAITING'],
      ...['DATASETS', ''],
    ],
    lines,
    'no partners',
    style,
  );
}

const columnsText = ({ schema }: Pick<DatasetView, 'schema'>): string =>
  schema.columns.map(({ name, type }) => `${name} ${type}`).join(', ');

export function datasetsText({ rows }: Rows<DatasetView>, style: Style): string {
  const lines = rows.map((one) => [
    one.name,
    one.schema.rows === undefined ? 'not told' : String(one.schema.rows),
    one.owner,
    columnsText(one),
  ]);
  return table(
    ['DATASET', 'ROWS', 'OWNER', 'COLUMNS'],
    lines,
    'no datasets; add one: privity datasets add',
    style,
  );
}

export function datasetText(one: DatasetView): string {
  const columns = one.schema.columns.map(({ name, type, min, max, values, gaps }) => [
    name,
    type,
    [
      min === undefined && max === undefined ? '' : `${min ?? ''} to ${max ?? ''}`,
      values === undefined ? '' : values.join(', '),
      gaps ? 'with gaps' : '',
    ]
      .filter((words) => words !== '')
      .join('; '),
  ]);
  const head = [
    `${one.name}: ${one.description || 'no description'}`,
    `owner ${one.owner}, added ${momentText(one.createdAt)}, rows: ${one.schema.rows ?? 'not told'}`,
    `source ${JSON.stringify(one.source)}`,
  ];
  return `${[
    ...head.map(printable),
    ...alignColumns(
      columns.map((row) => row.map(printable)),
      { indent: '  ' },
    ),
  ].join('\n')}\n`;
}

export function grantsText({ rows }: Rows<GrantView>, now: number, style: Style): string {
  const lines = rows.map((grant) => [
    grant.id,
    grant.partner,
    grant.dataset,
    grant.columns?.join(', ') ?? 'all columns',
    `${grant.uses} of ${grant.usesMax ?? 'any'}`,
    `${grant.refusals} of ${grant.refusalsMax}`,
    endText(grant.until, grant.revokedAt, now, 'revoked'),
    grant.purpose,
  ]);
  return table(
    ['GRANT', 'PARTNER', 'DATASET', 'COLUMNS', 'RUNS', 'REFUSALS', 'UNTIL', 'PURPOSE'],
    lines,
    'no grants',
    style,
  );
}

/** Of a run that has no record here. */
export function runWithoutRecordText(run: RunDetail): string {
  const { runId, state, code, origin, why, endedAt, createdAt, startedAt } = run;
  const words = code === null ? '' : `: ${code}${origin === null ? '' : ` at ${origin}`}`;
  const when = endedAt ?? createdAt;
  return `${[
    `${runId} ${state}${words}`,
    `  title  ${run.title}`,
    `  when   ${momentText(when)}`,
    `  why    ${why ?? 'its party has not said'}`,
    startedAt === null ? '  It did not begin: there is no log of it.' : '  There is no log of it here.',
  ]
    .map(printable)
    .join('\n')}\n`;
}

const endText = (until: number, over: number | null, now: number, word: string): string =>
  over !== null ? word : until <= now ? 'ended' : momentText(until);

export function grantText(grant: UsedGrantView, now: number): string {
  const { dataset, partner, purpose, columns, rows, minimumRows, changedRowsMin, usesMax } = grant;
  const lines = [
    ['grant', `${grant.id}: ${partner} may ask for ${dataset}, for "${purpose}"`],
    ['columns', columns?.join(', ') ?? 'all'],
    ['rows', rows ?? 'all'],
    ['minimum', `${minimumRows} rows; ${changedRowsMin} changed since the last run`],
    ['runs', `${grant.uses} of ${usesMax ?? 'any'}`],
    ['refusals', `${grant.refusals} of ${grant.refusalsMax}, that depended on values`],
    grant.revokedAt === null
      ? [grant.until <= now ? 'ended' : 'until', momentText(grant.until)]
      : ['revoked', momentText(grant.revokedAt)],
    ['made', `by ${grant.createdBy}, ${momentText(grant.createdAt)}`],
    ...grant.runs.map(({ runId, at }) => ['used', `by ${runId}, ${momentText(at)}`]),
  ];
  return `${alignColumns(lines.map((line) => line.map(printable))).join('\n')}\n`;
}

export function rulesText({ rows }: Rows<RuleView>, now: number, style: Style): string {
  const lines = rows.map((rule) => [
    rule.id,
    rule.createdBy,
    `${rule.uses} of ${rule.timesMax ?? 'any'}`,
    endText(rule.until, rule.removedAt, now, 'removed'),
    rule.says,
  ]);
  return table(['RULE', 'MADE BY', 'DECIDED', 'UNTIL', ''], lines, 'no rules: people decide', style);
}

export function ruleLines(rule: RuleView, style: Style): string {
  const lines = [
    `${style.bold(rule.id)}  ${printable(rule.says)}`,
    `made by ${printable(rule.createdBy)}, ${momentText(rule.createdAt)}, until ${momentText(rule.until)}`,
    `has decided ${count(rule.uses, 'proposal')}${rule.reason === '' ? '' : `, with the reason: ${printable(rule.reason)}`}`,
    ...(rule.removedAt === null ? [] : [`removed ${momentText(rule.removedAt)}`]),
  ];
  return `${lines.join('\n')}\n`;
}

export function proposalsText({ rows }: Rows<ProposalSummary>, style: Style): string {
  const lines = rows.map(({ id, title, proposer, state, createdAt, expiresAt }) => [
    id.slice(0, 12),
    state,
    proposer,
    momentText(createdAt),
    momentText(expiresAt),
    title,
  ]);
  return table(['PROPOSAL', 'STATE', 'BY', 'MADE', 'EXPIRES', 'TITLE'], lines, 'no proposals', style);
}

const REHEARSED: Readonly<Record<string, string>> = {
  same: 'it discloses what the contract says',
  less: 'it discloses nothing beyond the contract, and not all that it allows',
  more: 'it discloses what the contract does not allow',
  stopped: 'that was stopped',
  failed: 'that did not come to an end',
  unknown: 'no run came to its end, so what it discloses is not known',
};

function rehearsedLine({ outcome, by, at }: NonNullable<ProposalView['rehearsed']>, style: Style): string {
  const words = printable(`Rehearsed here by ${by}, ${momentText(at)}: ${REHEARSED[outcome] ?? outcome}`);
  if (outcome === 'more') return style.red(`✖ ${words}`);
  return outcome === 'same' || outcome === 'less' ? words : style.yellow(`! ${words}`);
}

function packageLine({ name, proposed, here }: ProposalView['packages'][number], style: Style): string {
  const words = printable(
    `imports the package ${name} ${proposed ?? 'of a version that is not told'}, here ${here ?? 'not allowed'}`,
  );
  return proposed === here ? words : style.yellow(`! ${words}`);
}

export function proposalText(one: ProposalView, style: Style): string {
  const { document } = one;
  const lines = [
    `${style.bold(printable(one.title))}  ${one.state}`,
    `${one.id}, by ${one.proposer}, ${momentText(one.createdAt)}, expires ${momentText(one.expiresAt)}`,
    `purpose: ${printable(document.purpose)}`,
    `job ${printable(document.job.file)}, hash ${document.job.hash.slice(0, 12)}; args ${printable(JSON.stringify(document.args))}`,
    ...Object.entries(document.datasets).flatMap(([party, tables]) =>
      Object.entries(tables).map(([setting, name]) =>
        printable(`${party}.${setting} is the dataset ${name}`),
      ),
    ),
    ...one.packages.map((needed) => packageLine(needed, style)),
    ...(document.schedule === undefined
      ? []
      : [
          printable(
            `runs again and again: ${document.schedule.cron} (${document.schedule.timezone}), at most ${document.schedule.occurrencesMax} times, until ${momentText(document.schedule.until)}`,
          ),
        ]),
    '',
    style.bold('What it would tell'),
    ...one.sentences.map(printable),
    '',
    style.bold('What it would cost'),
    ...priceLines(one.price, style),
    ...(one.withoutSandbox === null ? [] : [style.yellow(`! Without a sandbox ${one.withoutSandbox}.`)]),
    '',
    ...learntLines(one, style),
    ...(one.grants.length === 0
      ? []
      : ['', style.bold('Grants that cover it'), ...one.grants.map(coverLine)]),
    ...one.warnings.map((warning) => style.yellow(printable(`! ${warning}`))),
    ...(one.rehearsed === null ? [] : [rehearsedLine(one.rehearsed, style)]),
    '',
    style.bold('Decisions'),
    ...document.parties.map((party) => {
      const said = one.decisions.find((decision) => decision.party === party);
      const refused = one.notTaken.find((not) => not.party === party);
      if (said === undefined && refused !== undefined)
        return style.red(printable(`✖ ${notTakenText(refused)}`));
      return said === undefined
        ? `${party}: waits`
        : printable(
            `${party}: ${said.answer} by ${said.by}, ${momentText(said.at)}${said.reason === '' ? '' : `: ${said.reason}`}`,
          );
    }),
    ...(one.ruledBy === null
      ? []
      : [printable(`${one.ruledBy.id} is a rule of ${one.ruledBy.createdBy}: ${one.ruledBy.says}`)]),
    ...one.rules.map(({ id, why }) => style.dim(printable(`the rule ${id} does not approve it: it ${why}`))),
    ...(one.withdrawal === null ? [] : [printable(`withdrawn: ${one.withdrawal.reason}`)]),
    ...one.problems.map((problem) => style.red(printable(`✖ ${problem}`))),
  ];
  return `${lines.join('\n')}\n`;
}

/** Of a partner whose node will not take a proposal. */
export const notTakenText = ({ party, code, message }: ProposalView['notTaken'][number]): string =>
  `the node of ${party} does not take it: ${code}: ${message}`;

function learntLines({ learnt, document, reader }: ProposalView, style: Style): readonly string[] {
  const others = document.parties.filter((party) => party !== reader);
  const lines = others.flatMap((party) => {
    const own = learnt.filter(({ partner }) => partner === party);
    if (own.length === 0) return [`${party}: nothing, from runs of this node`];
    return own.map(({ dataset, step, type, shape, times, lastAt }) =>
      printable(
        `${party}: of ${dataset}, ${type}${shape === null ? '' : ` [${shape.join(', ')}]`} in step "${step}", ${count(times, 'time')}, last ${momentText(lastAt)}`,
      ),
    );
  });
  return [style.bold('What each has learnt of these datasets before'), ...lines];
}

function coverLine(cover: ProposalView['grants'][number]): string {
  const { grant, dataset, purpose, columns, keptBack, rows, minimumRows, runsLeft, refusalsLeft } = cover;
  return printable(
    [
      `${dataset}: grant ${grant} for "${purpose}"`,
      `columns ${columns.join(', ')}${keptBack.length === 0 ? '' : ` (kept back: ${keptBack.join(', ')})`}`,
      ...(rows === null ? [] : [`rows with ${rows}`]),
      ...(minimumRows === 0 ? [] : [`at least ${minimumRows} rows`]),
      runsLeft === null ? 'any number of runs' : `${count(runsLeft, 'run')} left`,
      `${count(refusalsLeft, 'refusal')} left`,
      `until ${momentText(cover.until)}`,
    ].join('; '),
  );
}

export function runRowsText({ rows }: Rows<RunRow>, style: Style): string {
  const lines = rows.map(({ runId, title, state, startedAt, endedAt, code, origin, incident }) => [
    runId,
    state,
    momentText(startedAt),
    startedAt === null || endedAt === null ? '-' : duration(endedAt - startedAt),
    code === null ? '' : `${code}${origin === null ? '' : ` at ${origin}`}`,
    incident?.slice(0, 8) ?? '',
    title,
  ]);
  return table(['RUN', 'STATE', 'STARTED', 'TOOK', 'WHY', 'INCIDENT', 'TITLE'], lines, 'no runs', style);
}

export function schedulesText({ rows }: Rows<ScheduleView>, style: Style): string {
  const lines = rows.map(({ proposal, title, state, cron, timezone, occurrence, occurrencesMax, dueAt }) => [
    proposal.slice(0, 12),
    state,
    `${cron} (${timezone})`,
    `${occurrence} of ${occurrencesMax}`,
    momentText(dueAt),
    title,
  ]);
  return table(['PROPOSAL', 'STATE', 'CRON', 'NEXT', 'DUE', 'TITLE'], lines, 'no schedules', style);
}

export function auditText({ rows }: Rows<AuditEntry>, style: Style): string {
  const lines = rows.map(({ seq, at, by, what, about, detail }) => [
    String(seq),
    momentText(at),
    by,
    what,
    about,
    JSON.stringify(detail),
  ]);
  return table(['LINE', 'AT', 'BY', 'WHAT', 'ABOUT', ''], lines, 'no entries', style);
}

export function tokensText({ rows }: Rows<TokenRow>, now: number, style: Style): string {
  const lines = rows.map(({ id, name, role, expiresAt, revokedAt }) => [
    id,
    name,
    role,
    revokedAt !== null ? 'revoked' : expiresAt <= now ? 'expired' : momentText(expiresAt),
  ]);
  return table(['TOKEN', 'NAME', 'ROLE', 'UNTIL'], lines, 'no tokens', style);
}
