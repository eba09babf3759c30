import { element } from './dom.js';
import { formatNumber } from './format.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 600;
const HEIGHT = 150;

/** Lines over the last minutes. `series` are `[label, key in the data, colour]`. */
export class Chart {
  element;
  #series;
  #options;
  #svg = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  #top = element('span', { class: 'axis-top' });
  #middle = element('span', { class: 'axis-middle' });
  #cursor = element('div', { class: 'chart-cursor', hidden: true });
  #tip = element('div', { class: 'chart-tip', hidden: true });
  #plot;
  #empty = element('p', { class: 'chart-empty dim', hidden: true });
  #data;
  #stepSeconds = 1;
  #time = 0;
  #chosen;

  constructor(title, series, options = {}) {
    this.#series = series;
    this.#options = { format: formatNumber, ...options };
    this.#plot = element(
      'div',
      {
        class: 'plot',
        role: 'img',
        tabindex: 0,
        pointermove: (event) => this.#point(event),
        pointerleave: () => this.#choose(undefined),
        blur: () => this.#choose(undefined),
        keydown: (event) => this.#onKey(event),
      },
      this.#svg,
      element('span', { class: 'axis-zero' }, '0'),
      this.#middle,
      this.#top,
      this.#cursor,
      this.#tip,
      this.#empty,
    );
    this.element = element(
      'figure',
      { class: 'chart' },
      element(
        'figcaption',
        {},
        element('h3', {}, title),
        series.length > 1 &&
          element(
            'span',
            { class: 'legend' },
            series.map(([label, , colour]) => element('span', { class: `key is-${colour}` }, label)),
          ),
      ),
      this.#plot,
      element(
        'div',
        { class: 'axis-time', 'aria-hidden': 'true' },
        element('span', {}, '5 min ago'),
        element('span', {}, 'now'),
      ),
    );
    this.#title = title;
  }

  #title;

  draw(data, stepSeconds, time) {
    this.#data = data;
    this.#stepSeconds = stepSeconds;
    this.#time = time;
    const values = this.#series.flatMap(([, key]) => data[key]).filter((value) => value !== null);
    const top = niceTop(Math.max(0, ...values));
    const { format, fill, whenEmpty } = this.#options;
    this.#top.textContent = format(top);
    this.#middle.textContent = format(top / 2);
    this.#empty.hidden = whenEmpty === undefined || values.length > 0;
    this.#empty.textContent = whenEmpty ?? '';
    this.#svg.replaceChildren();
    for (const part of [0.25, 0.5, 0.75]) {
      const y = HEIGHT * part;
      this.#svg.append(svg('line', { class: 'grid-line', x1: 0, x2: WIDTH, y1: y, y2: y }));
    }
    // The first series is drawn last, so that it lies above the others.
    for (const [, key, colour] of this.#series.toReversed()) {
      const d = linePath(data[key], top);
      if (fill) this.#svg.append(svg('path', { class: `area is-${colour}`, d: `${d}V${HEIGHT}H0Z` }));
      this.#svg.append(svg('path', { class: `line is-${colour}`, d }));
    }
    this.#plot.setAttribute('aria-label', this.#describe());
    if (this.#chosen !== undefined) this.#choose(this.#chosen);
  }

  #describe() {
    const { format } = this.#options;
    const latest = this.#series.map(([label, key]) => {
      const value = this.#data[key].findLast((item) => item !== null);
      return `${label} ${value === undefined ? 'none' : format(value)}`;
    });
    return `${this.#title}, now: ${latest.join(', ')}. Arrow keys go through time.`;
  }

  #point(event) {
    const { left, width } = this.#plot.getBoundingClientRect();
    this.#choose(Math.round(((event.clientX - left) / width) * (this.#length - 1)));
  }

  #onKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (step === undefined || !this.#data) return;
    event.preventDefault();
    this.#choose((this.#chosen ?? this.#length - 1) + step);
  }

  get #length() {
    return this.#data?.[this.#series[0][1]].length ?? 0;
  }

  #choose(place) {
    const isShown = place !== undefined && this.#length > 0;
    this.#cursor.hidden = !isShown;
    this.#tip.hidden = !isShown;
    this.#chosen = isShown ? Math.min(this.#length - 1, Math.max(0, place)) : undefined;
    if (!isShown) return;
    const part = this.#chosen / (this.#length - 1);
    const secondsAgo = (this.#length - 1 - this.#chosen) * this.#stepSeconds;
    const { format } = this.#options;
    this.#cursor.style.left = `${part * 100}%`;
    this.#tip.style.left = part < 0.5 ? `${part * 100}%` : '';
    this.#tip.style.right = part < 0.5 ? '' : `${(1 - part) * 100}%`;
    this.#tip.replaceChildren(
      element('div', { class: 'dim' }, new Date(this.#time - secondsAgo * 1000).toLocaleTimeString('en-GB')),
      ...this.#series.map(([label, key, colour]) => {
        const value = this.#data[key][this.#chosen];
        return element('div', { class: `key is-${colour}` }, `${label} ${value === null ? '–' : format(value)}`);
      }),
    );
  }
}

/** A new line begins after each gap; a lone value is a dash of its own. */
function linePath(values, top) {
  const step = WIDTH / (values.length - 1);
  let path = '';
  let isOpen = false;
  for (const [index, value] of values.entries()) {
    if (value === null) {
      isOpen = false;
      continue;
    }
    const x = (index * step).toFixed(1);
    const y = (HEIGHT - (value / top) * (HEIGHT - 4) - 1).toFixed(1);
    path += isOpen ? `L${x} ${y}` : `M${x} ${y}h0.1`;
    isOpen = true;
  }
  return path === '' ? `M0 ${HEIGHT}` : path;
}

/** 1, 2 or 5 times a power of ten, never below one. */
function niceTop(value) {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((candidate) => candidate >= value);
}

function svg(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}
