/** So near to the limit, the room left is shown. */
const ROOM_SHOWN_BELOW = 500;

/** The box to write in: grows with its text; Enter sends, Shift+Enter makes a new line. */
export class Composer {
  #form;
  #draft;
  #room;
  #button;
  #isEnabled = false;

  /** `send` gets the trimmed text, which is never empty. */
  constructor({ form, draft, room, button }, send) {
    this.#form = form;
    this.#draft = draft;
    this.#room = room;
    this.#button = button;
    draft.addEventListener('input', () => this.#refresh());
    draft.addEventListener('keydown', (event) => {
      // Enter that ends the input of a Chinese or Japanese word is not meant for the chat.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      form.requestSubmit();
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const text = this.#text;
      if (!this.#isEnabled || text === '') return;
      draft.value = '';
      this.#refresh();
      draft.focus();
      send(text);
    });
  }

  get #text() {
    return this.#draft.value.trim();
  }

  /** A draft survives while nothing can be sent. */
  set isEnabled(isEnabled) {
    this.#isEnabled = isEnabled;
    this.#form.classList.toggle('disabled', !isEnabled);
    this.#refresh();
  }

  focus() {
    this.#draft.focus();
  }

  #refresh() {
    const draft = this.#draft;
    this.#button.disabled = !this.#isEnabled || this.#text === '';
    draft.style.height = 'auto';
    draft.style.height = `${draft.scrollHeight}px`;
    const room = draft.maxLength - draft.value.length;
    this.#room.textContent = room < ROOM_SHOWN_BELOW ? `${room} left` : '';
  }
}
