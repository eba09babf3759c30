export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly size: number; readonly cost: number }[];
}

const WIDTH = 760;
const PLOT = { left: 64, top: 48, right: 704, bottom: 290 };
/** Keeps figures legible where a line runs behind them. */
const HALO = 'paint-order="stroke" stroke="#ffffff" stroke-width="3"';
/** Height of a figure. */
const LINE = 12;
const COLOURS = ['#0f766e', '#2563eb', '#b45309', '#7c3aed', '#be123c', '#475569'];

/** Curves over two logarithmic axes, as an SVG that reads on light and dark pages. */
export function drawCurves(title: string, unit: string, curves: readonly Curve[]): string {
  const sizes = curves.flatMap(({ points }) => points.map(({ size }) => size));
  const costs = curves.flatMap(({ points }) => points.map(({ cost }) => cost));
  const x = logarithmicScale(Math.min(...sizes), Math.max(...sizes), PLOT.left + 24, PLOT.right);
  const [low, high] = [powerBelow(Math.min(...costs)), powerAbove(Math.max(...costs))];
  const y = logarithmicScale(low, high, PLOT.bottom, PLOT.top);
  const height = PLOT.bottom + 54 + curves.length * 20;
  const parts = [
    `<rect width="${WIDTH}" height="${height}" rx="8" fill="#ffffff"/>`,
    text(PLOT.left, 28, title, 'font-size="15" font-weight="600"'),
    ...powersBetween(low, high).map((cost) => gridLine(y(cost), `${format(cost)} ${unit}`)),
    ...[...new Set(sizes)].map((size) =>
      text(x(size), PLOT.bottom + 20, `N = ${size.toLocaleString('en')}`, 'text-anchor="middle"'),
    ),
    ...curves.flatMap((curve, index) => drawLine(curve, COLOURS[index % COLOURS.length], x, y)),
    ...[...new Set(sizes)].flatMap((size) => drawFigures(size, curves, x, y)),
    ...curves.map(({ name }, index) => legend(name, COLOURS[index % COLOURS.length], PLOT.bottom + 48 + index * 20)),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#1f2937" role="img" aria-label="${title}">`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

type Scale = (value: number) => number;

function logarithmicScale(from: number, to: number, start: number, end: number): Scale {
  const span = Math.log10(to) - Math.log10(from) || 1;
  return (value) => start + ((Math.log10(value) - Math.log10(from)) / span) * (end - start);
}

function powerBelow(value: number): number {
  return 10 ** Math.floor(Math.log10(value));
}

function powerAbove(value: number): number {
  return 10 ** Math.ceil(Math.log10(value));
}

function powersBetween(low: number, high: number): number[] {
  const count = Math.round(Math.log10(high / low));
  return Array.from({ length: count + 1 }, (_, index) => low * 10 ** index);
}

function gridLine(y: number, label: string): string {
  return (
    `<line x1="${PLOT.left}" x2="${PLOT.right}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" stroke="#e5e7eb"/>` +
    text(PLOT.left - 8, y + 4, label, 'text-anchor="end"')
  );
}

function drawLine({ points }: Curve, colour: string, x: Scale, y: Scale): string[] {
  const path = points.map(({ size, cost }) => `${x(size).toFixed(1)},${y(cost).toFixed(1)}`).join(' ');
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...points.map(
      ({ size, cost }) => `<circle cx="${x(size).toFixed(1)}" cy="${y(cost).toFixed(1)}" r="3" fill="${colour}"/>`,
    ),
  ];
}

/** Figures stand above their points, else below; where neither has room, the line must do. */
function drawFigures(size: number, curves: readonly Curve[], x: Scale, y: Scale): string[] {
  const points = curves.flatMap((curve, index) =>
    curve.points.filter((point) => point.size === size).map(({ cost }) => ({ cost, at: y(cost), index })),
  );
  const taken: number[] = [];
  return points
    .toSorted((a, b) => a.at - b.at)
    .flatMap(({ cost, at, index }) => {
      const isFree = (place: number): boolean =>
        taken.every((other) => Math.abs(other - place) >= LINE) &&
        points.every((other) => other.index === index || Math.abs(other.at + LINE / 2 - 2 - place) >= LINE / 2 + 2);
      const place = [at - 8, at + 16].find(isFree);
      if (place === undefined) return [];
      taken.push(place);
      const attributes = `${HALO} text-anchor="middle" font-size="11" fill="${COLOURS[index % COLOURS.length]}"`;
      return [text(x(size), place, format(cost), attributes)];
    });
}

function legend(name: string, colour: string, y: number): string {
  return `<rect x="${PLOT.left}" y="${y - 9}" width="14" height="4" fill="${colour}"/>${text(PLOT.left + 22, y, name)}`;
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${content}</text>`;
}

function format(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(2)));
}
