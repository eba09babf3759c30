import { pathOf, post } from './api.js';
import { attempt, button, copyText, cut, element, say } from './dom.js';
import { colourJson, formatBytes, formatTime, indentJson } from './format.js';
import { describeFrame } from './frame-summary.js';
import { TestClient } from './test-client.js';

const MAX_FRAMES = 250;
const PROTOCOLS = { simple: 'simple', json: 'JSON', reliable: 'reliable JSON' };
const STATES = { new: 'new', connecting: 'connecting', open: 'connected', recovering: 'recovering', closed: 'closed' };
const ACTIONS = [
  ['event', 'Send event'],
  ['sendToGroup', 'Send to group'],
  ['joinGroup', 'Join group'],
  ['leaveGroup', 'Leave group'],
  ['raw', 'Raw frame'],
];

/** A test client on the page: who it is, its frames both ways, and what it can send. */
export class ClientCard {
  element;
  #profile;
  #client;
  #refusal;
  #connectedAfter = 0;
  #doors;
  #state = element('span', { class: 'badge', role: 'status' });
  #identity = element('p', { class: 'client-identity' });
  #notice = element('div', { class: 'client-notice', hidden: true });
  #frames = element('ol', { class: 'frames', tabindex: 0, 'aria-label': 'Frames, oldest first' });
  #form;
  #switch = button('Disconnect', () => this.#toggle());
  #cut = button('Cut socket', () => this.#cutSocket(), {
    title: 'Breaks the connection as a lost network does; a reliable client comes back.',
  });

  constructor(profile, doors) {
    this.#profile = profile;
    this.#doors = doors;
    this.#client = new TestClient(profile, {
      onChange: () => this.#showState(),
      onFrame: (frame) => this.#addFrame(frame),
    });
    this.#form = this.#makeForm();
    this.element = element(
      'article',
      { class: 'client-card', 'aria-label': `Test client ${profile.userId || 'anonymous'}` },
      element(
        'header',
        { class: 'client-head' },
        cut('h3', 'client-name', profile.userId || 'anonymous'),
        this.#state,
        cut('span', 'client-kind', `${PROTOCOLS[profile.protocol]} · ${profile.hub}`),
        button('×', () => this.#remove(), { class: 'quiet', 'aria-label': 'Remove this client', title: 'Remove' }),
      ),
      this.#identity,
      this.#notice,
      this.#frames,
      this.#form,
    );
    this.#showState();
  }

  connect() {
    this.#refusal = undefined;
    this.#connectedAfter = this.#doors.newestRowId();
    return this.#client.connect();
  }

  /** A browser does not say why a handshake was refused, but the traffic record does, in a moment. */
  learnRefusal(rows) {
    const { state, reason } = this.#client;
    if (state === 'new' || state === 'open' || reason !== undefined || this.#refusal !== undefined) return;
    const hub = this.#profile.hub.toLowerCase();
    this.#refusal = rows.find((row) => row.id > this.#connectedAfter && row.action === 'refused' && row.hub === hub);
    this.#showNotice(state, reason);
  }

  #toggle() {
    if (this.#client.state === 'closed') void this.connect();
    else this.#client.disconnect();
  }

  #remove() {
    this.#client.disconnect();
    this.element.remove();
    this.#doors.onRemove(this);
  }

  #cutSocket() {
    return attempt(async () => {
      const { wasCut } = await post(
        pathOf('hubs', this.#profile.hub, 'connections', this.#client.connectionId, 'drop'),
      );
      if (!wasCut) say('There is no socket to cut at the moment.', true);
    });
  }

  #showState() {
    const { state, connectionId, userId, reason } = this.#client;
    this.#state.textContent = STATES[state];
    this.#state.className = `badge ${{ open: 'is-good', closed: 'is-bad', recovering: 'is-warn' }[state] ?? ''}`;
    this.#switch.textContent = state === 'closed' ? 'Connect again' : 'Disconnect';
    this.#cut.hidden = connectionId === undefined;
    this.#cut.disabled = state !== 'open';
    for (const control of this.#form.querySelectorAll('[data-sends]')) control.disabled = state !== 'open';
    this.#identity.replaceChildren(
      ...(connectionId === undefined
        ? [
            element(
              'span',
              { class: 'dim' },
              state === 'open' ? 'a simple client is not told its connection id' : 'no connection id yet',
            ),
          ]
        : [
            element('code', { title: 'Connection id' }, connectionId),
            button('copy', () => copyText(connectionId, 'Connection id'), { class: 'quiet small' }),
            button('traffic', () => this.#doors.onTraffic({ connection: connectionId }), { class: 'quiet small' }),
          ]),
    );
    const name = this.element?.querySelector('h3');
    if (name && userId !== undefined) name.textContent = name.title = userId;
    this.#showNotice(state, reason);
  }

  #showNotice(state, reason) {
    this.#notice.hidden = state !== 'closed' && state !== 'recovering';
    if (this.#notice.hidden) return;
    this.#notice.replaceChildren(
      reason ?? refusalText(this.#refusal) ?? 'The emulator refused the handshake; the traffic says why.',
    );
  }

  #makeForm() {
    const { isPubSub } = this.#client;
    const action = element(
      'select',
      { name: 'action', 'aria-label': 'What to send', hidden: !isPubSub, change: () => this.#shapeForm() },
      ACTIONS.map(([value, label]) => element('option', { value }, label)),
    );
    if (!isPubSub) action.value = 'raw';
    const form = element(
      'form',
      { class: 'composer', submit: (event) => this.#send(event) },
      action,
      element('input', {
        name: 'name',
        placeholder: 'event',
        'aria-label': 'Event name',
        value: 'message',
        spellcheck: 'false',
      }),
      element(
        'select',
        { name: 'dataType', 'aria-label': 'Data type' },
        ['text', 'json', 'binary'].map((type) => element('option', { value: type }, type)),
      ),
      element('label', { class: 'check no-echo' }, element('input', { type: 'checkbox', name: 'noEcho' }), ' no echo'),
      element('textarea', {
        name: 'data',
        rows: 1,
        'aria-label': 'Data',
        placeholder: isPubSub ? 'data' : 'text',
        title: 'Enter sends, Shift+Enter breaks the line',
        spellcheck: 'false',
        keydown: (event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          form.requestSubmit();
        },
      }),
      element('button', { type: 'submit', class: 'primary', 'data-sends': true }, 'Send'),
      element('div', { class: 'client-actions' }, this.#switch, this.#cut),
    );
    this.#shapeForm(form);
    return form;
  }

  /** Shows the fields that the chosen action has. */
  #shapeForm(form = this.#form) {
    const { action, name, dataType, noEcho, data } = form.elements;
    const kind = action.value;
    const isGroup = kind === 'sendToGroup' || kind === 'joinGroup' || kind === 'leaveGroup';
    const hasData = kind === 'event' || kind === 'sendToGroup';
    name.hidden = kind === 'raw';
    name.placeholder = isGroup ? 'group' : 'event';
    name.setAttribute('aria-label', isGroup ? 'Group name' : 'Event name');
    if (kind === 'event' && name.value === '') name.value = 'message';
    if (isGroup && name.value === 'message') name.value = this.#profile.groups[0] ?? '';
    dataType.hidden = !hasData;
    noEcho.parentElement.hidden = kind !== 'sendToGroup';
    data.hidden = !hasData && kind !== 'raw';
  }

  #send(event) {
    event.preventDefault();
    const { action, name, dataType, noEcho, data } = this.#form.elements;
    if (this.#client.state !== 'open') return say('This client is not connected.', true);
    if (!data.hidden && dataType.value === 'json' && !dataType.hidden && indentable(data.value) === undefined) {
      return say('The data are not JSON; choose text, or correct them.', true);
    }
    switch (action.value) {
      case 'event':
        this.#client.sendEvent(name.value, dataType.value, data.value);
        break;
      case 'sendToGroup':
        this.#client.sendToGroup(name.value, dataType.value, data.value, noEcho.checked);
        break;
      case 'joinGroup':
        this.#client.joinGroup(name.value);
        break;
      case 'leaveGroup':
        this.#client.leaveGroup(name.value);
        break;
      default:
        this.#client.sendRaw(data.value);
    }
    if (!data.hidden) data.value = '';
    return undefined;
  }

  #addFrame({ direction, time, data }) {
    const isAtEnd = this.#frames.scrollTop + this.#frames.clientHeight >= this.#frames.scrollHeight - 24;
    this.#frames.append(makeFrame(direction, time, data));
    while (this.#frames.childElementCount > MAX_FRAMES) this.#frames.firstElementChild.remove();
    if (isAtEnd) this.#frames.scrollTop = this.#frames.scrollHeight;
  }
}

function refusalText(row) {
  return row && [row.summary, row.problem].filter(Boolean).join(': ');
}

function makeFrame(direction, time, data) {
  const isText = typeof data === 'string';
  const indented = isText ? indentJson(data) : undefined;
  const frame = indented === undefined ? undefined : JSON.parse(data);
  const text = isText ? ((frame && describeFrame(frame)) ?? data) : `${formatBytes(data.byteLength)} of binary data`;
  const head = [
    element('span', { class: 'frame-arrow', 'aria-hidden': 'true' }, direction === 'out' ? '→' : '←'),
    element('span', { class: 'visually-hidden' }, direction === 'out' ? 'sent' : 'received'),
    element('time', {}, formatTime(time)),
    element('span', { class: 'frame-text' }, text),
  ];
  const isQuiet = /^(sequenceAck|ping|pong)$/.test(frame?.type);
  const isRefused = frame?.type === 'ack' && frame.success === false;
  const attributes = {
    class: `frame is-${direction}${isQuiet ? ' is-quiet' : ''}${isRefused ? ' is-refused' : ''}`,
    title: isText ? data : undefined,
  };
  if (indented === undefined) return element('li', attributes, element('div', { class: 'frame-line' }, head));
  return element(
    'li',
    attributes,
    element('details', {}, element('summary', { class: 'frame-line' }, head), element('pre', {}, colourJson(indented))),
  );
}

function indentable(text) {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}
