import { drawCast } from './cast';
import type { Hues } from './chart';
import { drawDumbbell } from './dumbbell';
import { drawLines } from './lines';
import { drawScatter } from './scatter';
import type { ReportBlock, ReportDocument } from './types';

const draw = (block: ReportBlock, width: number, hues: Hues): Node[] => {
  switch (block.kind) {
    case 'lines': return drawLines(block, width);
    case 'cast': return drawCast(block, width, hues);
    case 'dumbbell': return drawDumbbell(block, width, hues);
    case 'scatter': return drawScatter(block, width, hues);
    default: return [];
  }
};

// The page already holds every chart as plain SVG. That is hidden only once the chart has been drawn anew, and it is what is printed:
// panels that were set for the window would break their rows on a sheet, and the first of a new row would have no labels.
const upgrade = (place: HTMLElement, block: ReportBlock, hues: Hues) => {
  const live = document.createElement('div');
  live.className = 'drawn';
  let drawn = 0;
  const redraw = () => {
    const width = Math.floor(place.clientWidth);
    if (width < 200 || width === drawn) return;
    const nodes = draw(block, width, hues);
    if (nodes.length === 0) return;
    drawn = width;
    live.replaceChildren(...nodes);
    if (!live.isConnected) place.append(live);
    for (const svg of live.querySelectorAll('svg:not([aria-hidden])')) {
      svg.setAttribute('role', 'img');
      svg.setAttribute('aria-label', 'title' in block ? `${block.title}. The numbers are in the table below.` : '');
    }
    place.classList.add('live');
  };
  redraw();
  new ResizeObserver(redraw).observe(place);
};

const { document: report, hues } = JSON.parse(document.getElementById('psm-report')?.textContent ?? '{}') as { document: ReportDocument; hues: Hues };
for (const place of document.querySelectorAll<HTMLElement>('.chart[data-block]')) {
  const block = report.blocks[Number(place.dataset['block'])];
  if (block) upgrade(place, block, hues);
}
