import * as Plot from '@observablehq/plot';

export type Hues = Record<string, number>;

export const HUES = 6;
export const CURVE_ORDER = [3, 2, 0, 1, 4, 5];

export const hue = (hues: Hues, name: string) => `var(--h${Object.hasOwn(hues, name) ? hues[name] : 0})`;

export const finite = (value: number | null | undefined): value is number => value != null && Number.isFinite(value);

export const SHAPES = ['circle', 'square', 'triangle', 'diamond'] as const;
export type Shape = (typeof SHAPES)[number];

export interface Key {
  name: string;
  shape?: Shape;
  fill?: string;
  stroke?: string;
}

const SVG = 'http://www.w3.org/2000/svg';

export const element = (tag: string, className: string, ...children: (Node | string)[]) => {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
};

/** A width in pixels of a text in the charts' font. */
export const textWidth = (() => {
  const context = document.createElement('canvas').getContext('2d');
  return (text: string, size: number, bold = false) => {
    if (!context) return text.length * size * 0.55;
    context.font = `${bold ? 600 : 400} ${size}px ${getComputedStyle(document.body).getPropertyValue('--sans') || 'sans-serif'}`;
    return context.measureText(text).width;
  };
})();

/** The text, cut with an ellipsis where it would be wider than `width`. */
export const fit = (text: string, size: number, width: number) => {
  if (textWidth(text, size) <= width) return text;
  const shown = [...text].slice(0, -1);
  while (shown.length > 1 && textWidth(`${shown.join('')}…`, size) > width) shown.pop();
  return `${shown.join('').trimEnd()}…`;
};

const PATHS: Record<Shape, string> = {
  circle: 'M3 7a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z',
  square: 'M3.5 3h8v8h-8z',
  triangle: 'M7.5 2.2L12.3 10.8H2.7z',
  diamond: 'M7.5 1.6L12.2 7L7.5 12.4L2.8 7z',
};

export const legend = (keys: Key[]) =>
  element('div', 'keys', ...keys.map((key) => {
    const icon = document.createElementNS(SVG, 'svg');
    icon.setAttribute('viewBox', '0 0 15 14');
    icon.setAttribute('width', '15');
    icon.setAttribute('height', '14');
    icon.setAttribute('aria-hidden', 'true');
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', key.shape ? PATHS[key.shape] : 'M0 7H15');
    path.setAttribute('fill', key.shape ? (key.fill ?? 'none') : 'none');
    path.setAttribute('stroke', key.stroke ?? 'none');
    path.setAttribute('stroke-width', key.shape ? '1.5' : '2');
    icon.append(path);
    return element('span', 'key', icon, key.name);
  }));

export const heading = (name: string, note: string, colour?: string) => {
  const made = element('div', 'panel-head');
  const title = element('div', 'panel-name', name);
  if (colour) title.style.color = colour;
  made.append(title);
  if (note) made.append(element('div', 'panel-note', note));
  return made;
};

/** A plot in the style of the page. */
export const plot = (options: Plot.PlotOptions) =>
  Plot.plot({
    ...options,
    style: { background: 'transparent', color: 'var(--soft)', fontSize: '12px', fontFamily: 'var(--sans)', overflow: 'visible' },
  });

/** How tips look. */
export const TIP = { fill: 'var(--card)', stroke: 'var(--rule)', fontSize: 12.5, lineHeight: 1.35, pathFilter: 'none', textPadding: 9 } as const;

/** How many panels stand side by side. */
export const across = (width: number, panels: number, least: number) => Math.max(1, Math.min(panels, Math.floor(width / least)));

/** Where panels stand: as many per row as fit, the first of each row with room for labels. */
export const row = (panels: Node[]) => element('div', 'panels', ...panels);

/** The range of values; a fixed end stays where it is, a free one moves out to the next tick. The twin of ChartAxis.Over. */
export const nice = (values: number[], ticks: number, minimum: number | null = null, maximum: number | null = null): [number, number] => {
  let low = minimum ?? (values.length ? values.reduce((a, b) => Math.min(a, b)) : 0);
  let high = maximum ?? (values.length ? values.reduce((a, b) => Math.max(a, b)) : low + 1);
  if (!(high > low)) [low, high] = [low - 0.5, Math.max(low, high) + 0.5];
  const step = stepOf(low, high, ticks);
  return [minimum ?? Math.floor(low / step + 1e-9) * step, maximum ?? Math.ceil(high / step - 1e-9) * step];
};

const stepOf = (low: number, high: number, ticks: number) => {
  const rough = (high - low) / ticks;
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  return power * (lead < Math.SQRT2 ? 1 : lead < Math.sqrt(10) ? 2 : lead < Math.sqrt(50) ? 5 : 10);
};

/** The round numbers from low to high. */
export const ticksOf = (low: number, high: number, ticks: number) => {
  const step = stepOf(low, high, ticks);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.min(41, Math.floor(high / step + 1e-6) - first + 1) }, (_, i) => (first + i) * step);
};
