import * as Plot from '@observablehq/plot';
import { type Hues, TIP, across, element, finite, fit, heading, hue, legend, plot, row, textWidth } from './chart';
import { isolated, percent } from './format';
import type { CastFigure } from './types';

const ROW = 31;
const GAP = 28;
const VALUES = 48;

/** Bars of the personas' weights: grey before, coloured after; one panel per stage. */
export const drawCast = (figure: CastFigure, width: number, hues: Hues): Node[] => {
  const label = Math.min(Math.max(0, ...figure.members.map((m) => textWidth(m.name, 13))) + 16, width * (width < 560 ? 0.42 : 0.34));
  const columns = across(width - label, figure.stages.length, width < 560 ? width : 190);
  const panelWidth = (width - label - GAP * (columns - 1)) / columns;
  const weights = figure.members.flatMap((m) => [m.before, ...m.after]).filter(finite);
  const most = Math.min(1, Math.max(0.05, ...weights) * 1.02);
  const panels = figure.stages.map((stage, s) => {
    const first = s % columns === 0;
    const left = first ? label : 0;
    const rows = figure.members.map((m, i) => {
      const after = m.after[s] ?? NaN;
      return { i, before: m.before, after, end: Math.min(most, Math.max(m.before || 0, after || 0)),
        title: `${isolated(m.name)}\n${isolated(figure.beforeName)}  ${percent(m.before)}\n${isolated(stage)}  ${percent(after)}` };
    });
    const y = (inset: [number, number]) => ({ y: 'i', insetTop: inset[0], insetBottom: inset[1] }) as const;
    const svg = plot({
      width: panelWidth + left,
      height: ROW * rows.length + 4,
      marginLeft: left,
      marginRight: VALUES,
      marginTop: 2,
      marginBottom: 2,
      x: { domain: [0, most], axis: null, clamp: true },
      y: { domain: rows.map((r) => r.i), type: 'band', padding: 0, round: false, axis: null },
      marks: [
        first ? Plot.text(rows, { y: 'i', x: 0, dx: -12, textAnchor: 'end', fontSize: 13, fill: 'var(--ink)',
          text: (r) => fit(figure.members[r.i]?.name ?? '', 13, label - 14) }) : null,
        Plot.barX(rows.filter((r) => finite(r.before)), { x1: 0, x2: 'before', ...y([4, 21]), fill: 'var(--mark)', rx: 1.5 }),
        Plot.barX(rows.filter((r) => finite(r.after)), { x1: 0, x2: 'after', ...y([11, 9]), fill: hue(hues, stage), rx: 1.5 }),
        Plot.ruleX([0], { stroke: 'var(--rule)' }),
        // At the bar that it is of, though the one before may be longer.
        Plot.text(rows, { x: (r) => Math.min(most, finite(r.after) ? r.after : 0), y: 'i', dx: 7, dy: 1.5, textAnchor: 'start', text: (r) => percent(r.after) }),
        Plot.tip(rows, Plot.pointerY({ x: 'end', y: 'i', title: 'title', ...TIP })),
      ],
    });
    const head = heading(stage, '', hue(hues, stage));
    head.style.marginLeft = `${left}px`;
    return element('div', 'panel', head, svg);
  });
  const keys = [{ name: figure.beforeName, shape: 'square' as const, fill: 'var(--mark)' },
    { name: 'after, in colour', shape: 'square' as const, fill: hue(hues, figure.stages[0] ?? '') }];
  const made = row(panels);
  made.style.columnGap = `${GAP}px`;
  return [legend(keys), made];
};
