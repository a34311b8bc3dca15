// Made from the records of the room Report by TypeScriptContractTests (UPDATE_GOLDENS=1); do not edit.

export interface ReportDocument {
  title: string;
  schema: number;
  subtitle: string;
  facts: ReportFact[];
  blocks: ReportBlock[];
}

export interface ReportFact {
  name: string;
  value: string;
}

export type ReportBlock = Heading | Prose | LinesFigure | CastFigure | DumbbellFigure | ScatterFigure | TableFigure | ClaimsFigure | QuoteFigure | ReproduceFigure;

export interface Heading {
  kind: 'heading';
  text: string;
}

export interface Prose {
  kind: 'prose';
  text: string;
}

export interface LinesFigure {
  kind: 'lines';
  xLabel: string;
  panels: LinePanel[];
  logX: boolean;
  title: string;
  caption: string;
  id: string;
}

export interface CastFigure {
  kind: 'cast';
  beforeName: string;
  stages: string[];
  members: CastMember[];
  title: string;
  caption: string;
  id: string;
}

export interface DumbbellFigure {
  kind: 'dumbbell';
  xLabel: string;
  rowName: string;
  panels: DumbbellPanel[];
  minimum: number | null;
  maximum: number | null;
  percent: boolean;
  beforeName: string;
  predictedName: string;
  predictedInContextName: string;
  afterName: string;
  trainedName: string;
  title: string;
  caption: string;
  id: string;
}

export interface ScatterFigure {
  kind: 'scatter';
  xLabel: string;
  yLabel: string;
  groupName: string;
  panels: ScatterPanel[];
  diagonal: boolean;
  percent: boolean;
  title: string;
  caption: string;
  id: string;
}

export interface TableFigure {
  kind: 'table';
  columns: TableColumn[];
  rows: string[][];
  title: string;
  caption: string;
  id: string;
}

export interface ClaimsFigure {
  kind: 'claims';
  claims: ReportClaim[];
  title: string;
  caption: string;
  id: string;
}

export interface QuoteFigure {
  kind: 'quote';
  turns: Turn[];
  replies: QuoteReply[];
  title: string;
  caption: string;
  id: string;
}

export interface ReproduceFigure {
  kind: 'reproduce';
  commands: string[];
  ids: ReportFact[];
  versions: ReportFact[];
  title: string;
  caption: string;
  id: string;
}

export interface LinePanel {
  yLabel: string;
  series: LineSeries[];
  references: ReferenceLine[];
  minimum: number | null;
  maximum: number | null;
}

export interface CastMember {
  name: string;
  before: number | null;
  after: (number | null)[];
}

export interface DumbbellPanel {
  name: string;
  rows: DumbbellRow[];
  note: string;
}

export interface ScatterPanel {
  name: string;
  groups: ScatterGroup[];
  note: string;
}

export interface TableColumn {
  name: string;
  numeric: boolean;
}

export interface ReportClaim {
  id: string;
  statement: string;
  prediction: string;
  measured: string;
  verdict: Verdict;
  interval: string;
  note: string;
}

export interface Turn {
  role: string;
  text: string;
}

export interface QuoteReply {
  speaker: string;
  text: string;
  note: string;
}

export interface LineSeries {
  name: string;
  x: (number | null)[];
  y: (number | null)[];
}

export interface ReferenceLine {
  label: string;
  value: number | null;
}

export interface DumbbellRow {
  domain: string;
  before: number | null;
  predicted: number | null;
  predictedInterval: FigureInterval | null;
  predictedInContext: number | null;
  after: number | null;
  afterInterval: FigureInterval | null;
  trained: boolean;
}

export interface ScatterGroup {
  name: string;
  points: ScatterPoint[];
}

export type Verdict = 'undecided' | 'held' | 'failed';

export interface FigureInterval {
  low: number | null;
  high: number | null;
}

export interface ScatterPoint {
  label: string;
  x: number | null;
  y: number | null;
}
