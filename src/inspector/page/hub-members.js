import { get, pathOf, post } from './api.js';
import { attempt, button, cut, element, say } from './dom.js';
import { colourJson, formatAge } from './format.js';

/** Who is connected to a hub, and its groups. */
export class HubMembers {
  element;
  #hub;
  #doors;
  #search = element('input', {
    type: 'search',
    placeholder: 'user, id, group…',
    'aria-label': 'Search the connections',
    spellcheck: 'false',
    input: () => attempt(() => this.refresh()),
  });
  #title = element('h3', {}, 'Connections');
  #rows = element('tbody');
  #table;
  #note = element('p', { class: 'dim' });
  #groups = element('ul', { class: 'groups' });
  #groupsTitle = element('h3', {}, 'Groups');
  #shown = new Map();

  constructor(hub, doors) {
    this.#hub = hub;
    this.#doors = doors;
    this.#table = element(
      'div',
      { class: 'table-scroll' },
      element(
        'table',
        { class: 'grid connections' },
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            ['User', 'Connection', 'Protocol', 'Groups', 'State', 'For', ''].map((name) =>
              element('th', { scope: 'col' }, name),
            ),
          ),
        ),
        this.#rows,
      ),
    );
    this.element = element(
      'div',
      { class: 'members' },
      element(
        'section',
        { class: 'panel' },
        element('header', { class: 'panel-head' }, this.#title, this.#search),
        this.#table,
        this.#note,
      ),
      element(
        'section',
        { class: 'panel' },
        element('header', { class: 'panel-head' }, this.#groupsTitle),
        this.#groups,
      ),
    );
  }

  async refresh() {
    const search = this.#search.value;
    const members = await get(`${pathOf('hubs', this.#hub, 'members')}?search=${encodeURIComponent(search)}`);
    if (search !== this.#search.value) return;
    const { connections, matchCount, connectionCount, groups, groupCount } = members;
    this.#title.textContent = `Connections (${connectionCount})`;
    this.#groupsTitle.textContent = `Groups (${groupCount})`;
    this.#table.hidden = matchCount === 0;
    this.#note.textContent =
      matchCount === 0
        ? connectionCount === 0
          ? 'Nobody is connected. Connect a test client, or point your own at this emulator.'
          : 'No connection matches.'
        : matchCount > connections.length
          ? `The first ${connections.length} of ${matchCount}; search for others.`
          : '';
    this.#showConnections(connections);
    this.#groups.replaceChildren(
      ...groups.map(({ name, memberCount }) =>
        element(
          'li',
          {},
          element('span', { class: 'group-name', title: name }, name),
          element('span', { class: 'badge' }, String(memberCount)),
        ),
      ),
      ...(groups.length === 0 ? [element('li', { class: 'dim' }, 'No connection is in a group.')] : []),
    );
  }

  /** Rows are kept while nothing about them changes, so that focus and open menus stay. */
  #showConnections(connections) {
    const rows = connections.map((connection) => {
      const version = JSON.stringify([connection, formatAge(connection.createdAt)]);
      const shown = this.#shown.get(connection.connectionId);
      if (shown?.version === version) return shown;
      if (shown && JSON.stringify(shown.connection) === JSON.stringify(connection)) {
        shown.row.querySelector('.age').textContent = formatAge(connection.createdAt);
        return { ...shown, version };
      }
      return { version, connection, row: this.#makeRow(connection) };
    });
    this.#shown = new Map(rows.map((shown) => [shown.connection.connectionId, shown]));
    const wanted = rows.map(({ row }) => row);
    const isSame =
      wanted.length === this.#rows.children.length && wanted.every((row, at) => row === this.#rows.children[at]);
    if (!isSame) this.#rows.replaceChildren(...wanted);
  }

  #makeRow(connection) {
    const { connectionId, userId, subprotocol, isMqtt, isOnline, groups, groupCount, createdAt, state } = connection;
    const more =
      groupCount > groups.length ? [element('span', { class: 'dim' }, ` +${groupCount - groups.length}`)] : [];
    return element(
      'tr',
      {},
      element(
        'td',
        { class: 'user whole-line' },
        userId === undefined
          ? element('span', { class: 'dim' }, 'anonymous')
          : element('span', { class: 'user-name' }, userId),
        !isOnline &&
          element('span', { class: 'badge is-warn', title: 'Its socket is gone; it may come back.' }, 'away'),
      ),
      element('td', { class: 'mono whole-line' }, connectionId),
      element('td', { title: subprotocol, 'data-label': 'Protocol' }, isMqtt ? 'MQTT' : protocolName(subprotocol)),
      element(
        'td',
        { 'data-label': 'Groups' },
        groups.length === 0
          ? element('span', { class: 'dim' }, 'none')
          : groups.map((group) => cut('span', 'badge', group)),
        more,
      ),
      element('td', { class: 'state', 'data-label': 'State' }, stateOf(state)),
      element('td', { class: 'age', 'data-label': 'Connected for' }, formatAge(createdAt)),
      element(
        'td',
        { class: 'row-actions whole-line' },
        button('Traffic', () => this.#doors.showTrafficOf({ connection: connectionId }), { class: 'quiet small' }),
        button('Send…', () => this.#send(connectionId), { class: 'quiet small' }),
        button('Close', () => this.#close(connectionId), { class: 'quiet small danger' }),
      ),
    );
  }

  #send(connectionId) {
    const form = this.element.parentElement.querySelector('.send-form');
    form.elements.to.value = 'connection';
    form.elements.to.dispatchEvent(new Event('change'));
    form.elements.target.value = connectionId;
    form.elements.data.focus();
  }

  #close(connectionId) {
    return attempt(async () => {
      await post(pathOf('hubs', this.#hub, 'connections', connectionId, 'close'));
      say('Closed.');
      await this.#doors.onChange();
    });
  }
}

const PROTOCOL_NAMES = {
  'json.webpubsub.azure.v1': 'JSON',
  'json.reliable.webpubsub.azure.v1': 'reliable JSON',
  'protobuf.webpubsub.azure.v1': 'protobuf',
  'protobuf.reliable.webpubsub.azure.v1': 'reliable protobuf',
};

/** A simple client may have a subprotocol of the application's own. */
function protocolName(subprotocol) {
  return PROTOCOL_NAMES[subprotocol] ?? (subprotocol === undefined ? 'simple' : `simple (${subprotocol})`);
}

function stateOf(state) {
  if (state === undefined) return element('span', { class: 'dim' }, 'none');
  return element(
    'details',
    {},
    element('summary', {}, state.isJson ? 'show' : 'opaque'),
    element('pre', {}, state.isJson ? colourJson(state.text) : state.text),
    state.note !== undefined && element('p', { class: 'dim' }, state.note),
  );
}
