import * as Plot from '@observablehq/plot';
import { type Hues, SHAPES, TIP, across, element, finite, heading, hue, legend, plot, row } from './chart';
import { isolated, text, tick } from './format';
import type { ScatterFigure } from './types';

const GAP = 32;
const LARGEST = 500;
const LEFT = 50;

/** Forecast across, observation up, and the diagonal on which they agree. */
export const drawScatter = (figure: ScatterFigure, width: number, hues: Hues): Node[] => {
  const groups = [...new Set(figure.panels.flatMap((panel) => panel.groups.map((g) => g.name)))];
  const shape = (name: string) => SHAPES[groups.indexOf(name) % SHAPES.length] ?? 'circle';
  const columns = across(width, Math.min(3, figure.panels.length), 300);
  const side = Math.min(LARGEST, (width - GAP * (columns - 1)) / columns);
  const points = figure.panels.flatMap((panel) => panel.groups.flatMap((g) => g.points)).filter((p) => finite(p.x) && finite(p.y));
  const span = (values: number[]) => {
    const low = values.length ? values.reduce((a, b) => Math.min(a, b)) : 0;
    const high = values.length ? values.reduce((a, b) => Math.max(a, b)) : 1;
    return low < high ? [low, high] : [low - 0.5, high + 0.5];
  };
  const xs = points.map((p) => p.x).filter(finite), ys = points.map((p) => p.y).filter(finite);
  const x = span(figure.diagonal ? [...xs, ...ys] : xs), y = figure.diagonal ? x : span(ys);
  const panels = figure.panels.map((panel) => {
    const rows = panel.groups.flatMap((g) => g.points.filter((p) => finite(p.x) && finite(p.y)).map((p) => ({
      ...p,
      group: g.name,
      title: `${isolated(p.label)}\n${isolated(g.name)}\n${figure.xLabel}  ${text(p.x, figure.percent)}\n${figure.yLabel}  ${text(p.y, figure.percent)}`,
    })));
    const ticks = { tickSize: 0, tickFormat: tick(figure.percent), ticks: side < 380 ? 4 : 6, fill: 'var(--soft)' };
    const svg = plot({
      width: side,
      height: side + 8,
      marginLeft: LEFT,
      marginRight: 12,
      marginTop: 28,
      marginBottom: 42,
      x: { domain: x, nice: true },
      y: { domain: y, nice: true },
      marks: [
        Plot.gridX({ stroke: 'var(--grid)', strokeOpacity: 1, ticks: ticks.ticks }),
        Plot.gridY({ stroke: 'var(--grid)', strokeOpacity: 1, ticks: ticks.ticks }),
        Plot.axisX({ ...ticks, label: figure.xLabel, labelAnchor: 'right', labelArrow: 'right', labelOffset: 36 }),
        Plot.axisY({ ...ticks, label: figure.yLabel, labelAnchor: 'top', labelArrow: 'up' }),
        x[0] !== undefined && x[0] < 0 ? Plot.ruleX([0], { stroke: 'var(--rule)' }) : null,
        y[0] !== undefined && y[0] < 0 ? Plot.ruleY([0], { stroke: 'var(--rule)' }) : null,
        figure.diagonal ? Plot.line(x.map((v) => [v, v]), { stroke: 'var(--mark)', strokeWidth: 1.25, strokeDasharray: '5 4' }) : null,
        ...panel.groups.map((g) => Plot.dot(rows.filter((r) => r.group === g.name), { x: 'x', y: 'y', r: 4.4, symbol: shape(g.name),
          fill: hue(hues, g.name), stroke: 'var(--paper)', strokeWidth: 1, fillOpacity: 0.92 })),
        Plot.tip(rows, Plot.pointer({ x: 'x', y: 'y', title: 'title', ...TIP })),
      ],
    });
    const head = heading(panel.name, panel.note);
    head.style.marginLeft = `${LEFT}px`;
    return element('div', 'panel', head, svg);
  });
  const made = row(panels);
  made.style.columnGap = `${GAP}px`;
  return [legend(groups.map((g) => ({ name: g, shape: shape(g), fill: hue(hues, g) }))), made];
};
