/** A report for people: one HTML file with pictures and tables, which loads nothing, runs nothing and sends nothing. */

import { checkOptions, invalid } from '../declared.ts';
import { element, joined, type Markup, text } from './markup.ts';
import { type Chart, isOwn } from './plane.ts';
import { type ReportTable, tableMarkup } from './table.ts';

/** One part of a report. */
export interface ReportSection {
  /** What stands above it. */
  readonly heading: string;
  /** A paragraph. */
  readonly text?: string;
  /** A chart of this module; its numbers stand below it, folded. */
  readonly chart?: Chart;
  /** A table below text and chart. */
  readonly table?: ReportTable;
}

/** What a page has. */
export interface ReportPage {
  /** Of the page and of its window. */
  readonly title: string;
  /** What the report is about, in a paragraph. */
  readonly text?: string;
  /** One below the other. */
  readonly sections: readonly ReportSection[];
}

const STYLE = `
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #222; background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
figure { margin: 1rem 0; } svg { max-width: 100%; height: auto; } summary { cursor: pointer; }
table { border-collapse: collapse; margin: 1rem 0; } caption { text-align: left; font-weight: bold; padding-bottom: .3rem; }
th, td { padding: .2rem .8rem; border-bottom: 1px solid #bbb; text-align: left; font-weight: normal; }
thead th { border-bottom: 2px solid #222; font-weight: bold; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
`;
/** The file may show its own styles, and nothing else may happen where it is opened. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** @throws {UsageError} PRIVITY_STATS_ARGUMENTS */
function checkPage(page: ReportPage): void {
  checkOptions(page, ['title', 'text', 'sections'], 'htmlReport');
  if (!Array.isArray(page.sections)) throw invalid('htmlReport takes "sections" as a list');
  for (const section of page.sections)
    checkOptions(section, ['heading', 'text', 'chart', 'table'], 'a section of htmlReport');
}

/**
 * A report of charts and tables as one HTML file. It has no scripts and loads nothing; all words are escaped.
 *
 * @throws {UsageError} PRIVITY_STATS_ARGUMENTS: a chart was not drawn in this process, or a part that a page has not
 * @example
 * const html = htmlReport({
 *   title: 'Study of ages',
 *   sections: [{ heading: 'Ages', table: { caption: 'Means', columns: ['of', 'mean'], rows: [['alice', 41.5]] } }],
 * });
 */
export function htmlReport(page: ReportPage): string {
  checkPage(page);
  const head = [
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${text(POLICY)}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
  ].join('\n');
  const body = element(
    'main',
    {},
    element('h1', {}, text(page.title)),
    paragraph(page.text),
    ...page.sections.map(sectionMarkup),
  );
  return `<!doctype html>
<html lang="en">
<head>
${head}
<title>${text(page.title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

const paragraph = (words: string | undefined): Markup =>
  words === undefined ? joined([]) : element('p', {}, text(words));

function sectionMarkup({ heading, text: words, chart, table }: ReportSection): Markup {
  return element(
    'section',
    {},
    element('h2', {}, text(heading)),
    paragraph(words),
    ...(chart === undefined ? [] : [chartMarkup(chart)]),
    ...(table === undefined ? [] : [tableMarkup(table)]),
  );
}

function chartMarkup(chart: Chart): Markup {
  if (!isOwn(chart))
    throw invalid('htmlReport takes charts that were drawn in the same step, not sent there');
  return joined([
    element('figure', {}, chart.svg as Markup),
    element('details', {}, element('summary', {}, text('The numbers')), tableMarkup(chart.numbers)),
  ]);
}
