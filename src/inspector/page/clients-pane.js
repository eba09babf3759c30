import { ClientCard } from './client-card.js';
import { byId, element } from './dom.js';

/** Test clients side by side. They live as long as the page, whichever pane is open. */
export class ClientsPane {
  #store;
  #doors;
  #form = byId('new-client');
  #cards = new Set();

  constructor(store, doors) {
    this.#store = store;
    this.#doors = doors;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#add();
    });
    this.#form.elements.noToken.addEventListener('change', () => this.#shapeForm());
    store.subscribe((rows) => {
      for (const card of this.#cards) card.learnRefusal(rows);
    });
    byId('clients-empty').replaceChildren(
      element('h2', {}, 'No test client yet'),
      element(
        'p',
        {},
        'Choose a hub and a user above and press Connect. Two clients in one group show you both sides of a message; your application sees their events as it sees those of any client.',
      ),
    );
  }

  /** `hub` comes from the address: a link of the hubs pane. */
  show(hub) {
    byId('hub-names').replaceChildren(...[...this.#store.hubs].map((name) => element('option', { value: name })));
    const field = this.#form.elements.hub;
    if (hub !== '') field.value = hub;
    else if (field.value === '') field.value = [...this.#store.hubs][0] ?? '';
  }

  #shapeForm() {
    const { noToken, userId, roles, groups, mayJoin, maySend } = this.#form.elements;
    for (const field of [userId, roles, groups, mayJoin, maySend]) field.disabled = noToken.checked;
  }

  #add() {
    const { hub, userId, protocol, groups, noToken } = this.#form.elements;
    const isAnonymous = noToken.checked;
    const card = new ClientCard(
      {
        hub: hub.value.trim(),
        userId: isAnonymous ? '' : userId.value,
        protocol: protocol.value,
        groups: isAnonymous ? [] : splitList(groups.value),
        roles: isAnonymous ? [] : this.#roles(),
        noToken: isAnonymous,
      },
      {
        onRemove: () => this.#remove(card),
        onTraffic: ({ connection }) => this.#doors.showTrafficOf({ connection }),
        newestRowId: () => this.#store.rows.at(-1)?.id ?? 0,
      },
    );
    this.#cards.add(card);
    byId('client-cards').prepend(card.element);
    byId('clients-empty').hidden = true;
    void card.connect();
  }

  #roles() {
    const { mayJoin, maySend, roles } = this.#form.elements;
    return [
      ...(mayJoin.checked ? ['webpubsub.joinLeaveGroup'] : []),
      ...(maySend.checked ? ['webpubsub.sendToGroup'] : []),
      ...splitList(roles.value),
    ];
  }

  #remove(card) {
    this.#cards.delete(card);
    byId('clients-empty').hidden = this.#cards.size > 0;
    this.#form.elements.userId.focus();
  }
}

function splitList(text) {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}
