import * as Plot from '@observablehq/plot';
import { type Hues, type Key, TIP, across, element, finite, fit, heading, hue, legend, nice, plot, row, textWidth, ticksOf } from './chart';
import { isolated, text, tick } from './format';
import type { DumbbellFigure, DumbbellPanel, FigureInterval } from './types';

const ROW = 30;
// Two lanes: what was observed above, what was foretold below, so that a good forecast does not hide what it meets.
const OBSERVED = -4.5;
const FORETOLD = 7;
const GAP = 20;

/** Per domain: before, the forecasts and what came, on one line; one panel per tuning. */
export const drawDumbbell = (figure: DumbbellFigure, width: number, hues: Hues): Node[] => {
  const all = figure.panels.flatMap((panel) => panel.rows);
  const label = Math.min(Math.max(0, ...all.map((r) => textWidth(r.domain, 13, r.trained))) + 18, width * (width < 560 ? 0.42 : 0.34));
  const order = (panel: DumbbellPanel | undefined) => JSON.stringify(panel?.rows.map((r) => r.domain));
  const same = figure.panels.every((panel) => order(panel) === order(figure.panels[0]));
  const columns = same ? across(width - label, figure.panels.length, width < 560 ? width : 190) : 1;
  const panelWidth = (width - label - GAP * (columns - 1)) / columns;
  const values = all.flatMap((r) => [r.before, r.predicted, r.predictedInContext, r.after, r.predictedInterval?.low, r.predictedInterval?.high])
    .filter(finite);
  const ticks = panelWidth < 300 ? 4 : 6;
  const [low, high] = nice(values, ticks, figure.minimum, figure.maximum);
  const marked = ticksOf(low, high, ticks);
  // Panels are narrow: only the last tick carries the sign.
  const tickFormat = (value: number) => tick(figure.percent)(value).replace(value === marked.at(-1) ? '' : /\s%$/, '');
  const inContext = all.some((r) => finite(r.predictedInContext));
  const lane = all.some((r) => finite(r.predicted) || finite(r.predictedInContext)) ? OBSERVED : 0;
  const panels = figure.panels.map((panel, p) => {
    const first = p % columns === 0;
    const left = first ? label : 0;
    const colour = hue(hues, panel.name);
    const rows = panel.rows.map((r, i) => ({ ...r, i, title: titleOf(figure, r, inContext) }));
    const having = <T>(pick: (r: (typeof rows)[number]) => T | null | undefined) =>
      rows.filter((r) => { const v = pick(r); return typeof v === 'number' ? finite(v) : v != null; });
    const interval = having((r) => r.predictedInterval).filter((r) => finite(r.predictedInterval?.low) && finite(r.predictedInterval?.high));
    const after = having((r) => r.afterInterval).filter((r) => finite(r.afterInterval?.low) && finite(r.afterInterval?.high));
    const both = rows.filter((r) => finite(r.before) && finite(r.after));
    const svg = plot({
      width: panelWidth + left,
      height: ROW * rows.length + 28,
      marginLeft: left + 8,
      marginRight: 10,
      marginTop: 2,
      marginBottom: 26,
      x: { domain: [low, high], clamp: true },
      y: { domain: rows.map((r) => r.i), type: 'band', padding: 0, round: false, axis: null },
      marks: [
        Plot.barX(rows.filter((r) => r.trained), { x1: low, x2: high, y: 'i', fill: 'var(--band)', insetLeft: -8, insetRight: -8, rx: 3 }),
        Plot.gridX(marked, { stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.axisX(marked, { label: null, tickSize: 0, tickFormat, fontSize: 11.5, fill: 'var(--soft)' }),
        first ? Plot.text(rows, { y: 'i', x: low, dx: -18, textAnchor: 'end', fontSize: 13, fill: 'var(--ink)',
          fontWeight: 400, filter: (r) => !r.trained, text: (r) => fit(r.domain, 13, label - 16) }) : null,
        first ? Plot.text(rows, { y: 'i', x: low, dx: -18, textAnchor: 'end', fontSize: 13, fill: 'var(--ink)',
          fontWeight: 600, filter: (r) => r.trained, text: (r) => fit(r.domain, 13, label - 16) }) : null,
        Plot.ruleY(both, { x1: 'before', x2: 'after', y: 'i', dy: lane, stroke: colour, strokeWidth: 3, strokeOpacity: 0.35 }),
        Plot.ruleY(interval, { x1: (r) => r.predictedInterval?.low, x2: (r) => r.predictedInterval?.high, y: 'i', dy: FORETOLD, stroke: 'var(--mark)', strokeWidth: 1.5 }),
        Plot.ruleY(after, { x1: (r) => r.afterInterval?.low, x2: (r) => r.afterInterval?.high, y: 'i', dy: lane, stroke: colour, strokeWidth: 1.25 }),
        Plot.dot(having((r) => r.before), { x: 'before', y: 'i', dy: lane, r: 4, fill: 'var(--paper)', stroke: 'var(--mark)', strokeWidth: 1.5 }),
        Plot.dot(having((r) => r.after), { x: 'after', y: 'i', dy: lane, r: 5, fill: colour, stroke: 'var(--paper)', strokeWidth: 1 }),
        Plot.dot(having((r) => r.predictedInContext),
          { x: 'predictedInContext', y: 'i', dy: FORETOLD, symbol: 'triangle', r: 3.2, fill: 'var(--paper)', stroke: 'var(--ink)', strokeWidth: 1.2 }),
        Plot.dot(having((r) => r.predicted), { x: 'predicted', y: 'i', dy: FORETOLD, symbol: 'diamond', r: 3.6, fill: 'var(--ink)',
          stroke: 'var(--paper)', strokeWidth: 1 }),
        Plot.tip(rows, Plot.pointerY({ x: (r) => r.after ?? r.before ?? low, y: 'i', title: 'title', ...TIP })),
      ],
    });
    const head = heading(panel.name, panel.note, colour);
    head.style.marginLeft = `${left}px`;
    return element('div', 'panel', head, svg);
  });
  const made = row(panels);
  made.style.columnGap = `${GAP}px`;
  return [legend(keysOf(figure, inContext, hues)), made, element('div', 'x-label', figure.xLabel)];
};

const titleOf = (figure: DumbbellFigure, r: DumbbellPanel['rows'][number], inContext: boolean) => {
  const value = (x: number | null | undefined) => text(x, figure.percent);
  const range = (x: FigureInterval | null | undefined) => (x ? ` (${value(x.low)} to ${value(x.high)})` : '');
  const lines = [r.trained ? `${isolated(r.domain)}, ${figure.trainedName}` : isolated(r.domain), `${figure.beforeName}  ${value(r.before)}`];
  if (r.predicted != null) lines.push(`${figure.predictedName}  ${value(r.predicted)}${range(r.predictedInterval)}`);
  if (inContext) lines.push(`${figure.predictedInContextName}  ${value(r.predictedInContext)}`);
  lines.push(`${figure.afterName}  ${value(r.after)}${range(r.afterInterval)}`);
  return lines.join('\n');
};

const keysOf = (figure: DumbbellFigure, inContext: boolean, hues: Hues): Key[] => {
  const keys: Key[] = [{ name: figure.beforeName, shape: 'circle', fill: 'var(--paper)', stroke: 'var(--mark)' }];
  if (figure.panels.some((p) => p.rows.some((r) => r.predicted != null)))
    keys.push({ name: figure.predictedName, shape: 'diamond', fill: 'var(--ink)' });
  if (inContext) keys.push({ name: figure.predictedInContextName, shape: 'triangle', fill: 'var(--paper)', stroke: 'var(--ink)' });
  keys.push({ name: `${figure.afterName}, in colour`, shape: 'circle', fill: hue(hues, figure.panels[0]?.name ?? '') });
  if (figure.panels.some((p) => p.rows.some((r) => r.trained)))
    keys.push({ name: figure.trainedName, shape: 'square', fill: 'var(--band)', stroke: 'var(--mark)' });
  return keys;
};
