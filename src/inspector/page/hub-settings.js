import { pathOf, post } from './api.js';
import { attempt, button, element, say } from './dom.js';
import { colourJson, formatAge } from './format.js';

const WORDS = {
  allowed: 'validated',
  refused: 'refused',
  failing: 'failed, being asked again',
  unknown: 'not asked yet',
};
const CLASSES = { allowed: 'is-good', refused: 'is-bad', failing: 'is-warn', unknown: '' };

/** The settings of a hub as the emulator uses them, with what is known of each event handler's validation. */
export class HubSettingsView {
  element;
  #body = element('div');
  #json = element('pre', { class: 'json', tabindex: 0 });
  #validate;
  #shown = '';

  constructor(hub, onChange) {
    this.#validate = button('Validate now', () => attempt(() => this.#validateNow(hub, onChange)));
    this.element = element(
      'section',
      { class: 'panel' },
      element('header', { class: 'panel-head' }, element('h3', {}, 'Event handlers'), this.#validate),
      this.#body,
      element('details', { class: 'settings-json' }, element('summary', {}, 'Settings as JSON'), this.#json),
    );
  }

  update({ settings, handlers }) {
    this.#validate.hidden = handlers.length === 0;
    const text = JSON.stringify({ settings, handlers });
    if (text === this.#shown) {
      for (const age of this.#body.querySelectorAll('.age')) age.textContent = ageText(age.dataset.since);
      return;
    }
    this.#shown = text;
    this.#json.replaceChildren(...colourJson(JSON.stringify(settings, undefined, 2)));
    this.#body.replaceChildren(
      handlers.length === 0 ? noHandlers() : handlersTable(handlers),
      element(
        'p',
        { class: 'dim' },
        `Clients without a token are ${settings.anonymousConnectPolicy === 'allow' ? 'let in' : 'refused'}.`,
      ),
    );
  }

  /** Takes ten seconds when nobody answers: the button says that it is at it. */
  async #validateNow(hub, onChange) {
    this.#validate.disabled = true;
    this.#validate.textContent = 'Validating…';
    try {
      const { validations } = await post(pathOf('hubs', hub, 'validate'));
      const refused = validations.filter(({ status }) => status === 'refused').length;
      say(
        refused > 0 ? `${refused} of ${validations.length} refused.` : 'Every event handler accepts this emulator.',
        refused > 0,
      );
      await onChange();
    } finally {
      this.#validate.disabled = false;
      this.#validate.textContent = 'Validate now';
    }
  }
}

function ageText(since) {
  return `${formatAge(Number(since))} ago`;
}

function noHandlers() {
  return element(
    'p',
    { class: 'dim' },
    'None: clients can talk to each other through groups, but no event reaches an application. Give the hub a handler with ',
    element('code', {}, '--event-handler url-template="http://localhost:8080/eventhandler" user-event-pattern="*"'),
    '.',
  );
}

function handlersTable(handlers) {
  return element(
    'div',
    { class: 'table-scroll' },
    element(
      'table',
      { class: 'grid handlers' },
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          ['URL template', 'User events', 'System events', 'Auth', 'Validation'].map((name) =>
            element('th', { scope: 'col' }, name),
          ),
        ),
      ),
      element('tbody', {}, handlers.flatMap(handlerRows)),
    ),
  );
}

function handlerRows({ settings, validation }) {
  const status = validation?.status ?? 'unknown';
  const row = element(
    'tr',
    {},
    element('td', { class: 'mono whole-line' }, settings.urlTemplate),
    element('td', { 'data-label': 'User events' }, settings.userEventPattern?.replaceAll(/,\s*/g, ', ') || 'none'),
    element('td', { 'data-label': 'System events' }, settings.systemEvents?.join(', ') || 'none'),
    element(
      'td',
      { 'data-label': 'Auth' },
      settings.auth?.type === 'ManagedIdentity' ? `bearer for ${settings.auth.managedIdentity.resource}` : 'signature',
    ),
    element(
      'td',
      { 'data-label': 'Validation' },
      element('span', { class: `badge ${CLASSES[status]}` }, WORDS[status]),
      validation?.checkedAt !== undefined &&
        element('span', { class: 'dim age', 'data-since': validation.checkedAt }, ageText(validation.checkedAt)),
    ),
  );
  if (validation?.problem === undefined) return [row];
  return [
    row,
    element('tr', { class: 'problem-row' }, element('td', { class: 'whole-line', colspan: 5 }, validation.problem)),
  ];
}
