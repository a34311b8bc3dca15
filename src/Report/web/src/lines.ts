import * as Plot from '@observablehq/plot';
import { CURVE_ORDER, TIP, element, finite, legend, plot, textWidth } from './chart';
import { number } from './format';
import type { LinesFigure } from './types';

const LEFT = 48;
const RIGHT = 14;

/** Stacked panels of curves with a common x; one pointer reads all curves of a panel. */
export const drawLines = (figure: LinesFigure, width: number): Node[] => {
  const usable = (x: number | null): x is number => finite(x) && (!figure.logX || x > 0);
  const xs = figure.panels.flatMap((panel) => panel.series.flatMap((series) => series.x)).filter(usable);
  const [low, high] = xs.length ? [xs.reduce((a, b) => Math.min(a, b)), xs.reduce((a, b) => Math.max(a, b))] : [0, 1];
  let curve = 0;
  return figure.panels.map((panel, index) => {
    const last = index === figure.panels.length - 1;
    const height = (index === 0 ? 250 : 170) * (width < 560 ? 0.8 : 1);
    const curves = panel.series.map((series) => ({
      name: series.name,
      colour: `var(--h${CURVE_ORDER[curve++ % CURVE_ORDER.length]})`,
      points: series.x.map((x, i) => ({ x, y: series.y[i] ?? NaN, name: series.name })).filter((point) => usable(point.x)),
    }));
    const ys = [...curves.flatMap((c) => c.points.map((p) => p.y)), ...panel.references.map((r) => r.value)].filter(finite);
    const bottom = panel.minimum ?? (ys.length ? ys.reduce((a, b) => Math.min(a, b)) : 0);
    const top = panel.maximum ?? (ys.length ? ys.reduce((a, b) => Math.max(a, b)) : 1);
    const references = panel.references.flatMap((r) => (finite(r.value) && r.value >= bottom && r.value <= top ? [{ label: r.label, value: r.value }] : []));
    // One tip per x, with every curve's value there: the nearest point of each.
    const readings = [...new Set(curves.flatMap((c) => c.points.map((p) => p.x)).filter(finite))].sort((a, b) => a - b).map((x) => {
      const here = curves.map((c) => ({ c, p: c.points.find((p) => p.x === x) })).filter((r) => r.p && finite(r.p.y));
      return {
        x,
        y: here[0]?.p?.y ?? NaN,
        title: [`${number(x)} ${figure.xLabel}`, ...here.map((r) => `${r.c.name}  ${number(r.p?.y)}`)].join('\n'),
      };
    }).filter((reading) => finite(reading.y));
    const frame = { left: LEFT, right: width - RIGHT, top: 10, bottom: height + (last ? 46 : 22) - (last ? 40 : 16) };
    const share = (v: number, a: number, b: number) => (figure.logX ? Math.log(v / a) / Math.log(b / a) : (v - a) / (b - a || 1));
    const px = (x: number) => frame.left + share(x, low, high) * (frame.right - frame.left);
    const py = (y: number) => frame.bottom - ((y - bottom) / (top - bottom || 1)) * (frame.bottom - frame.top);
    const dots = curves.flatMap((c) => c.points.map((p) => ({ x: px(p.x ?? 0), y: py(p.y ?? NaN) })));
    const label = (text: string, value: number) => {
      // The first of four places beside the line that no curve runs through.
      const length = textWidth(text, 12) + 12;
      const places = [false, true].flatMap((atLeft) => [-9, 11].map((dy) => ({ atLeft, dy })));
      const free = places.find(({ atLeft, dy }) => {
        const middle = py(value) + dy;
        const from = atLeft ? frame.left : frame.right - length;
        return middle - 8 > frame.top && middle + 8 < frame.bottom
          && !dots.some((d) => d.x >= from - 4 && d.x <= from + length + 4 && Math.abs(d.y - middle) < 11);
      }) ?? { atLeft: false, dy: -9 };
      return Plot.text([text], { frameAnchor: free.atLeft ? 'left' : 'right', y: value, dx: free.atLeft ? 4 : -4, dy: free.dy,
        textAnchor: free.atLeft ? 'start' : 'end', fill: 'var(--ink)', stroke: 'var(--paper)', strokeWidth: 4 });
    };
    const svg = plot({
      width,
      height: height + (last ? 46 : 22),
      marginLeft: LEFT,
      marginRight: RIGHT,
      marginTop: 10,
      marginBottom: last ? 40 : 16,
      x: { type: figure.logX ? 'log' : 'linear', domain: low < high ? [low, high] : [low - 0.5, high + 0.5] },
      y: { domain: bottom < top ? [bottom, top] : [bottom - 0.5, top + 0.5], nice: panel.minimum == null || panel.maximum == null, clamp: true },
      marks: [
        Plot.gridY({ stroke: 'var(--grid)', strokeOpacity: 1, ticks: index === 0 ? 5 : 3 }),
        Plot.axisY({ label: null, tickSize: 0, tickFormat: number, ticks: index === 0 ? 5 : 3, tickPadding: 8 }),
        Plot.axisX({ label: last ? figure.xLabel : null, labelAnchor: 'right', labelArrow: 'none', labelOffset: 36, tickFormat: last ? number : () => '',
          tickSize: 4, color: 'var(--rule)', fill: 'var(--soft)', ticks: width < 560 ? 4 : 8 }),
        Plot.ruleY([bottom], { stroke: 'var(--rule)' }),
        ...references.map((r) => Plot.ruleY([r.value], { stroke: 'var(--ink)', strokeWidth: 1.25, strokeDasharray: '5 4' })),
        ...curves.map((c) => Plot.line(c.points, { x: 'x', y: 'y', stroke: c.colour, strokeWidth: 2, strokeLinejoin: 'round' })),
        ...references.map((r) => label(`${r.label} ${number(r.value)}`, r.value)),
        Plot.ruleX(readings, Plot.pointerX({ x: 'x', stroke: 'var(--mark)', strokeOpacity: 0.5 })),
        ...curves.map((c) => Plot.dot(c.points, Plot.pointerX({ x: 'x', y: 'y', r: 3.5, fill: c.colour }))),
        Plot.tip(readings, Plot.pointerX({ x: 'x', y: 'y', title: 'title', ...TIP })),
      ],
    });
    return element('div', 'panel',
      element('div', 'panel-line', element('div', 'panel-axis', panel.yLabel), legend(curves.length > 1 ? curves.map((c) => ({ name: c.name, stroke: c.colour })) : [])), svg);
  });
};
