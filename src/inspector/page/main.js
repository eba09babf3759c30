import { get, post } from './api.js';
import { ClientsPane } from './clients-pane.js';
import { attempt, byId, copyText } from './dom.js';
import { HubsPane } from './hubs-pane.js';
import { MetricsPane } from './metrics-pane.js';
import { listenToFeed } from './traffic-feed.js';
import { TrafficPane } from './traffic-pane.js';
import { TrafficStore } from './traffic-store.js';

const store = new TrafficStore();
const traffic = new TrafficPane(store, { showConnectionString, showPane });
const panes = {
  traffic,
  clients: new ClientsPane(store, { showTrafficOf }),
  hubs: new HubsPane({ showPane, showTrafficOf }),
  metrics: new MetricsPane(),
};
const tabs = Object.keys(panes).map((name) => byId(`tab-${name}`));

/** The address says which pane is open: `#hubs`, `#hubs/chat`; what follows the slash is the pane's own. */
function openFromAddress() {
  const [name, ...rest] = location.hash.slice(1).split('/');
  const chosen = name in panes ? name : 'traffic';
  for (const tab of tabs) {
    const isChosen = tab.id === `tab-${chosen}`;
    tab.setAttribute('aria-selected', String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
    byId(tab.getAttribute('aria-controls')).hidden = !isChosen;
  }
  for (const [other, pane] of Object.entries(panes)) if (other !== chosen) pane.hide?.();
  panes[chosen].show?.(rest.map(decodeURIComponent).join('/'));
}

function showPane(name, rest) {
  location.hash = rest === undefined ? name : `${name}/${encodeURIComponent(rest)}`;
}

/** Opens the timeline with these filters and no others. */
function showTrafficOf(fields) {
  showPane('traffic');
  traffic.filterBy(fields);
}

async function showConnectionString() {
  await attempt(async () => {
    const { connectionString } = await post('connection-string');
    byId('connection-string').textContent = connectionString;
    byId('connection-string-dialog').showModal();
  });
}

for (const [index, tab] of tabs.entries()) {
  tab.addEventListener('click', () => showPane(tab.id.slice('tab-'.length)));
  tab.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const target = { Home: tabs[0], End: tabs.at(-1) }[event.key] ?? (step && tabs.at((index + step) % tabs.length));
    if (!target) return;
    event.preventDefault();
    target.focus();
    target.click();
  });
}
byId('show-connection-string').addEventListener('click', () => void showConnectionString());
byId('copy-connection-string').addEventListener(
  'click',
  () => void copyText(byId('connection-string').textContent, 'Connection string'),
);
byId('close-connection-string').addEventListener('click', () => byId('connection-string-dialog').close());
byId('connection-string-dialog').addEventListener('close', () => {
  byId('connection-string').textContent = '';
});

window.addEventListener('hashchange', openFromAddress);
openFromAddress();
listenToFeed(store, byId('feed-state'));
void attempt(async () => {
  const { endpoint, hubs } = await get('emulator');
  document.title = `${new URL(endpoint).host} · Web PubSub inspector`;
  store.nameHubs(hubs);
});
