import { get, pathOf, post } from './api.js';
import { attempt, button, byId, cut, element, say } from './dom.js';
import { HubMembers } from './hub-members.js';
import { HubSettingsView } from './hub-settings.js';
import { Refresh } from './refresh.js';

const REFRESH_MS = 2000;

/** The hubs, and one of them whole: settings, validation, connections, groups, and a message to send. */
export class HubsPane {
  #doors;
  #hubs = [];
  #chosen = '';
  #refresh = new Refresh(REFRESH_MS, (isCurrent) => this.#load(isCurrent));
  #settings;
  #members;
  #shownHub;

  constructor(doors) {
    this.#doors = doors;
    byId('hubs-empty').replaceChildren(
      element('h2', {}, 'No hub yet'),
      element(
        'p',
        {},
        'A hub is there as soon as a setting, a client or a REST call names it. Start the emulator with ',
        element('code', {}, '--hub-name'),
        ' or connect a test client.',
      ),
      button('Connect a test client', () => doors.showPane('clients'), { class: 'primary' }),
    );
  }

  show(hub) {
    this.#chosen = hub;
    void this.#refresh.start();
  }

  hide() {
    this.#refresh.stop();
  }

  async #load(isCurrent) {
    this.#hubs = await get('hubs');
    if (!isCurrent()) return;
    this.#hubs.sort((one, other) => one.name.localeCompare(other.name));
    byId('hubs-empty').hidden = this.#hubs.length > 0;
    const hub = this.#hubs.find(({ name }) => name === this.#chosen) ?? this.#hubs[0];
    this.#showList(hub);
    if (hub === undefined) return;
    this.#showHub(hub);
    await this.#members.refresh();
  }

  #showList(chosen) {
    const list = byId('hub-list');
    list.hidden = this.#hubs.length === 0;
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.hub : undefined;
    list.replaceChildren(
      ...this.#hubs.map((hub) => {
        const isRefused = hub.handlers.some(({ validation }) => /^(refused|failing)$/.test(validation?.status));
        return element(
          'a',
          {
            href: `#hubs/${encodeURIComponent(hub.name)}`,
            'data-hub': hub.name,
            'aria-current': hub === chosen ? 'page' : undefined,
          },
          cut('span', 'hub-name', hub.name),
          isRefused && element('span', { class: 'badge is-bad', title: 'An event handler does not validate' }, '!'),
          element('span', { class: 'badge', title: 'Connections' }, String(hub.connectionCount)),
        );
      }),
    );
    if (focused !== undefined) list.querySelector(`[data-hub="${CSS.escape(focused)}"]`)?.focus();
    if (chosen !== undefined && chosen.name !== this.#shownHub) {
      list.querySelector('[aria-current]').scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
  }

  /** Built once per hub, so that what is being typed or looked at is not torn away by the next refresh. */
  #showHub(hub) {
    if (this.#shownHub !== hub.name) {
      this.#shownHub = hub.name;
      this.#settings = new HubSettingsView(hub.name, () => this.#refresh.start());
      this.#members = new HubMembers(hub.name, { ...this.#doors, onChange: () => this.#refresh.start() });
      byId('hub-detail').replaceChildren(
        element(
          'header',
          { class: 'hub-head' },
          element('h2', {}, hub.name),
          button('Connect a test client', () => this.#doors.showPane('clients', hub.name)),
        ),
        this.#settings.element,
        makeSendForm(hub.name),
        this.#members.element,
      );
    }
    this.#settings.update(hub);
  }
}

function makeSendForm(hub) {
  const target = element('input', {
    name: 'target',
    'aria-label': 'Whom',
    hidden: true,
    spellcheck: 'false',
    autocomplete: 'off',
  });
  const placeholders = { group: 'group name', user: 'user id', connection: 'connection id' };
  const send = (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const fields = Object.fromEntries(new FormData(form));
    return attempt(async () => {
      const { receivers } = await post(pathOf('hubs', hub, 'send'), fields);
      say(
        receivers === 0
          ? 'Nobody was there to get it.'
          : `Sent to ${receivers} ${receivers === 1 ? 'connection' : 'connections'}.`,
      );
      form.elements.data.value = '';
    });
  };
  return element(
    'form',
    { class: 'panel send-form', submit: send, 'aria-label': 'Send a message' },
    element('h3', {}, 'Send a message'),
    element(
      'select',
      {
        name: 'to',
        'aria-label': 'To',
        change: (event) => {
          const to = event.currentTarget.value;
          target.hidden = to === 'all';
          target.placeholder = placeholders[to] ?? '';
        },
      },
      element('option', { value: 'all' }, 'to everyone'),
      element('option', { value: 'group' }, 'to a group'),
      element('option', { value: 'user' }, 'to a user'),
      element('option', { value: 'connection' }, 'to a connection'),
    ),
    target,
    element(
      'select',
      { name: 'dataType', 'aria-label': 'Data type' },
      ['text', 'json', 'binary'].map((type) => element('option', { value: type }, type)),
    ),
    element('input', {
      name: 'data',
      'aria-label': 'Data',
      placeholder: 'data',
      class: 'send-data',
      spellcheck: 'false',
      autocomplete: 'off',
    }),
    element('button', { type: 'submit', class: 'primary' }, 'Send'),
  );
}
