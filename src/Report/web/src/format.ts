// Numbers as readers see them; the twin of FigureNumber.cs.

const sign = (text: string) => text.replace(/-/g, '\u2212');

/** A name that is written from right to left does not turn round what stands beside it; the twin of NameText.cs. */
export const isolated = (name: string) =>
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}\u200f\u202a-\u202e\u2066-\u2069]/u.test(name)
    ? `\u2068${name}\u2069` : name;

const trim = (value: number, places: number) => String(Number(value.toFixed(places)));

export const number = (value: number | null | undefined): string => {
  if (value == null || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e15)) return sign(value.toExponential(2));
  const [divisor, suffix] = size >= 1e9 ? [1e9, 'G'] : size >= 1e6 ? [1e6, 'M'] : size >= 1e4 ? [1e3, 'k'] : [1, ''];
  const scaled = size / divisor;
  return sign(trim(value / divisor, scaled >= 100 ? 1 : scaled >= 10 ? 2 : 3)) + suffix;
};

export const percent = (value: number | null | undefined): string => {
  if (value == null || !Number.isFinite(value)) return '–';
  const size = Math.abs(value * 100);
  if (size > 0 && size < 0.05) return `${value > 0 ? '<0.1' : '>\u22120.1'}\u202f%`;
  return `${sign((value * 100).toFixed(size > 0 && size < 9.95 ? 1 : 0))}\u202f%`;
};

export const text = (value: number | null | undefined, inPercent: boolean) => (inPercent ? percent(value) : number(value));

/** Ticks: per cent without needless decimals. */
export const tick = (inPercent: boolean) => (value: number) =>
  inPercent ? `${sign(trim(value * 100, 1))}\u202f%` : number(value);
