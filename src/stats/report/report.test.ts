import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PrivityError } from '../../index.ts';
import { histogramChart } from './histogram.ts';
import { htmlReport } from './page.ts';
import type { Chart } from './plane.ts';
import { calibrationChart, type RocCurve, rocChart } from './scores.ts';
import { type SurvivalLine, survivalChart } from './survival.ts';
import { numberText } from './table.ts';

const HOSTILE = `"><script>alert('x')</script><!-- & \u0000\u0007`;
const curve: SurvivalLine = {
  ...{ name: 'treated', times: [3, 5, 9], survival: [0.9, 0.4, 0.4] },
  ...{ lower: [0.7, 0.2, null], upper: [1, 0.6, null], atRisk: [20, 9, 4], censored: [0, 0, 4] },
};
const roc: RocCurve = {
  name: 'model',
  falsePositiveRate: [0, 0.1, 1],
  truePositiveRate: [0, 0.8, 1],
  auc: 0.85,
};
const bins = { title: 'Ages', edges: [20, 40, 60, 80], counts: [12, 30, null], label: 'years' };
const calibration = { name: 'model', meanScore: [0.1, 0.8], share: [0.2, 0.7], counts: [40, 30] };
const timeLabel = 'days';

const charts = (word: string): readonly Chart[] => [
  histogramChart({ ...bins, title: word, label: word }),
  survivalChart({ title: word, curves: [{ ...curve, name: word }], timeLabel: word }),
  rocChart({ title: word, curves: [{ ...roc, name: word }] }),
  calibrationChart({ title: word, series: [{ ...calibration, name: word }] }),
];

/** The elements of markup, each closed where it should be. */
function elementsOf(markup: string): string[] {
  const open: string[] = [];
  const all: string[] = [];
  for (const [tag, closing, name = ''] of markup.matchAll(/<(\/?)([a-z0-9]+)((?:"[^"]*"|[^">])*)>/g)) {
    if (closing === '/') assert.equal(open.pop(), name, tag);
    else if (name !== 'meta') open.push(name);
    all.push(name);
  }
  assert.deepEqual(open, []);
  return all;
}

describe('charts', () => {
  it('are one picture each, with words for those who do not see it', () => {
    for (const { svg, alt, title } of charts('Ages')) {
      const elements = elementsOf(svg);
      assert.equal(elements[0], 'svg');
      assert.ok(svg.includes('role="img"') && svg.includes(`<desc>${alt}</desc>`), alt);
      assert.ok(alt.length > 40 && title === 'Ages');
      assert.doesNotMatch(svg, /NaN|undefined|Infinity|href|style=/);
    }
  });

  it('words of data stay words', () => {
    for (const { svg } of charts(HOSTILE)) {
      assert.deepEqual(
        elementsOf(svg),
        elementsOf(charts('word').find((one) => sameKind(one.svg, svg))?.svg ?? ''),
      );
      assert.ok(!svg.includes('<script') && !svg.includes('<!--') && !svg.includes('\u0000'));
    }
  });

  it('differ without colour: by dashes, and by markers', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const { svg } = calibrationChart({
      title: 'six',
      series: names.map((name) => ({ ...calibration, name })),
    });
    const legend = svg.slice(svg.indexOf('<g transform'));
    const dashes = [...legend.matchAll(/<line [^>]*stroke-dasharray="([^"]+)"/g)].map(([, dash]) => dash);
    const markers = [...legend.matchAll(/<path d="([^"]+)" fill/g)].map(([, d]) => d);
    assert.deepEqual([new Set(dashes).size, new Set(markers).size], [5, 6]);
  });

  it('a bin that was not opened is marked, and no count is told of it', () => {
    const { svg, alt, numbers } = histogramChart(bins);
    assert.ok(svg.includes('hidden: too few rows') && svg.includes('>?</text>'));
    assert.match(alt, /42 rows in 2 bins .* Too few rows to be shown are in 1 more/);
    assert.deepEqual(numbers.rows.at(-1), ['60 to 80', null]);
  });

  it('bins of different widths are drawn by density', () => {
    const { svg } = histogramChart({ ...bins, edges: [0, 10, 30], counts: [10, 20] });
    const heights = [...svg.matchAll(/<rect x="[^"]+" y="([^"]+)" width/g)].map(([, y]) => y);
    assert.equal(heights.length, 2);
    assert.equal(heights[0], heights[1]);
    assert.ok(svg.includes('rows by unit of years'));
  });

  it('numbers at risk stand below the ticks: who was observed up to there', () => {
    const { svg } = survivalChart({ title: 'Survival', curves: [curve], timeLabel });
    const line = [...svg.slice(svg.indexOf('>at risk<')).matchAll(/text-anchor="middle">([^<]+)</g)];
    assert.deepEqual(
      line.map(([, words]) => words),
      ['20', '20', '9', '4', '4'],
    );
  });

  it('a ROC curve is drawn from 0,0 to 1,1, also where the first and the last threshold were not opened', () => {
    const pathOf = (curve: RocCurve): string[] => {
      const [, d = ''] = /<path d="(M[^"]+)"/.exec(rocChart({ title: 't', curves: [curve] }).svg) ?? [];
      return d.slice(1).split('L');
    };
    const whole = { name: 'a', falsePositiveRate: [0, 0.1, 0.4, 1], truePositiveRate: [0, 0.5, 0.9, 1] };
    const inner = { name: 'a', falsePositiveRate: [0.1, 0.4], truePositiveRate: [0.5, 0.9] };
    assert.equal(pathOf(whole).length, 4);
    assert.deepEqual(pathOf(inner), pathOf(whole));
    // What stands in the table of numbers is what was opened.
    assert.equal(rocChart({ title: 't', curves: [inner] }).numbers.rows.length, 2);
  });

  it('refuse what they cannot draw', () => {
    const survival = (change: Partial<SurvivalLine>) =>
      survivalChart({ title: 't', curves: [{ ...curve, ...change }], timeLabel });
    const refused: readonly (() => unknown)[] = [
      () => histogramChart({ ...bins, edges: [1, 2] }),
      () => histogramChart({ ...bins, edges: [1, 3, 2, 4] }),
      () => histogramChart({ ...bins, counts: [1, -2, 3] }),
      () => histogramChart({ ...bins, counts: [] }),
      () => survival({ times: [3, 3, 9] }),
      () => survival({ survival: [0.9, 1.2, 0] }),
      () => survival({ atRisk: [1] }),
      () => survival({ times: [], survival: [] }),
      () => survivalChart({ title: 't', curves: [], timeLabel }),
      () => survivalChart({ title: 't', curves: Array.from({ length: 7 }, () => curve), timeLabel }),
      () => rocChart({ title: 't', curves: [{ ...roc, truePositiveRate: [0, Number.NaN, 1] }] }),
      () => calibrationChart({ title: 't', series: [{ ...calibration, share: [0.2, 1.7] }] }),
      () => calibrationChart({ title: 't', series: [{ name: 'none', meanScore: [], share: [] }] }),
    ];
    for (const call of refused)
      assert.throws(
        call,
        (error) => error instanceof PrivityError && error.code === 'PRIVITY_STATS_ARGUMENTS',
        `${call}`,
      );
  });
});

/** Charts of one kind begin alike but for their words: by the label of their axis. */
const sameKind = (a: string, b: string): boolean =>
  ['hidden:', 'share without an event', 'true positive rate', 'share of positives'].every(
    (label) => a.includes(label) === b.includes(label),
  );

describe('htmlReport', () => {
  const table = {
    caption: 'Means',
    columns: ['of', 'mean'],
    rows: [['alice', 41.5] as const, ['bob', null] as const],
  };
  const report = (word: string): string =>
    htmlReport({
      ...{ title: word, text: word },
      sections: [
        ...charts(word).map((chart) => ({ heading: word, chart })),
        { heading: word, text: word, table: { ...table, caption: word } },
      ],
    });

  it('is one file that loads nothing and runs nothing', () => {
    const html = report('Study');
    const names = new Set(elementsOf(html.replace('<!doctype html>', '')));
    for (const name of ['script', 'link', 'img', 'iframe', 'object', 'form', 'base', 'a'])
      assert.ok(!names.has(name));
    assert.match(html, /http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;;/);
    assert.doesNotMatch(
      html.replaceAll('http://www.w3.org/2000/svg', ''),
      /https?:|url\(|@import| on[a-z]+=/,
    );
  });

  it('words of data stay words', () => {
    const html = report(HOSTILE);
    assert.ok(!html.includes('<script') && !html.includes('<!--'));
    assert.deepEqual(
      elementsOf(html.replace('<!doctype html>', '')),
      elementsOf(report('word').replace('<!doctype html>', '')),
    );
  });

  it('shows numbers of charts as tables, and what was not opened as such', () => {
    const html = report('Study');
    assert.equal(html.match(/<details>/g)?.length, 4);
    assert.ok(html.includes('<th scope="row">alice</th><td class="number">41.5</td>'));
    assert.ok(html.includes('<th scope="row">bob</th><td class="number">–</td>'));
  });

  it('refuses a picture that was not drawn here: it is the markup of somebody else', () => {
    const sent = JSON.parse(JSON.stringify(histogramChart(bins))) as Chart;
    const forged = { ...sent, svg: '<script>alert(1)</script>' };
    for (const chart of [sent, forged])
      assert.throws(
        () => htmlReport({ title: 't', sections: [{ heading: 'h', chart }] }),
        /drawn in the same step/,
      );
  });
});

describe('numberText', () => {
  it('writes counts whole, and others with four digits', () => {
    const values = [
      12345,
      0,
      -3,
      0.123456,
      1234.5678,
      1234567.89,
      1.0117e-45,
      -2.5e10 - 0.5,
      Number.NaN,
      1 / 0,
      -1 / 0,
    ];
    assert.deepEqual(values.map(numberText), [
      ...['12,345', '0', '-3', '0.1235', '1,235', '1,234,568', '1.01e-45', '-2.50e+10', '–', '∞', '−∞'],
    ]);
  });
});
