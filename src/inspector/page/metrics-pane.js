import { get } from './api.js';
import { Chart } from './chart.js';
import { byId, element } from './dom.js';
import { formatDuration, formatNumber } from './format.js';
import { Refresh } from './refresh.js';

const REFRESH_MS = 1000;
/** What "per second" in the tiles is the mean of. */
const RECENT_SECONDS = 10;

/** Counts and latencies of the last five minutes, drawn. */
export class MetricsPane {
  #refresh = new Refresh(REFRESH_MS, (isCurrent) => this.#load(isCurrent));
  #tiles = byId('metric-tiles');
  #charts;

  constructor() {
    this.#charts = {
      connections: new Chart('Connections', [['open', 'connections', 'client']], { fill: true }),
      messages: new Chart('Messages per second', [
        ['from clients', 'received', 'client'],
        ['to clients', 'sent', 'upstream'],
      ]),
      upstream: new Chart('Upstream calls per second', [
        ['calls', 'upstream', 'upstream'],
        ['failed', 'failed', 'bad'],
      ]),
      latency: new Chart(
        'Latency of upstream calls',
        [
          ['p50', 'p50', 'client'],
          ['p95', 'p95', 'rest'],
          ['p99', 'p99', 'warn'],
        ],
        { format: formatDuration, whenEmpty: 'No upstream call in the last five minutes.' },
      ),
    };
    byId('charts').replaceChildren(...Object.values(this.#charts).map((chart) => chart.element));
  }

  show() {
    void this.#refresh.start();
  }

  hide() {
    this.#refresh.stop();
  }

  async #load(isCurrent) {
    const report = await get('metrics');
    if (!isCurrent()) return;
    const { connections, messages, upstream, latency } = this.#charts;
    for (const chart of [connections, messages, upstream]) chart.draw(report.perSecond, 1, report.time);
    latency.draw(report.latency, report.latency.stepSeconds, report.time);
    this.#showTiles(report);
  }

  #showTiles({ perSecond, window }) {
    const rate = (values) => formatNumber(mean(values.slice(-RECENT_SECONDS - 1, -1)));
    const tiles = [
      ['Connections', formatNumber(perSecond.connections.at(-1))],
      ['Messages in', rate(perSecond.received), '/s', `${formatNumber(window.received)} in 5 min`],
      ['Messages out', rate(perSecond.sent), '/s', `${formatNumber(window.sent)} in 5 min`],
      ['REST calls', rate(perSecond.rest), '/s', `${formatNumber(window.rest)} in 5 min`],
      ['Upstream calls', rate(perSecond.upstream), '/s', `${formatNumber(window.upstream)} in 5 min`],
      ['Failed upstream', formatNumber(window.failed), '', 'in 5 min', window.failed > 0],
      ['Latency p50', formatDuration(window.p50) || '–'],
      ['p95', formatDuration(window.p95) || '–'],
      ['p99', formatDuration(window.p99) || '–'],
    ];
    this.#tiles.replaceChildren(
      ...tiles.map(([name, value, unit = '', note, isBad]) =>
        element(
          'div',
          { class: `tile${isBad ? ' is-bad' : ''}` },
          element('dt', {}, name),
          element(
            'dd',
            {},
            element('span', { class: 'tile-value' }, value),
            unit,
            note && element('span', { class: 'tile-note' }, note),
          ),
        ),
      ),
    );
  }
}

function mean(values) {
  return values.length === 0 ? 0 : values.reduce((total, value) => total + value, 0) / values.length;
}
