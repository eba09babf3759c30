import { paintAvatar, toneOf } from './person.js';

/** A pause after which the next message of the same person gets a head of its own. */
const GROUP_PAUSE_MS = 5 * 60_000;
/** Older entries leave the page, so that a window left open for days stays quick. */
const MAX_ENTRIES = 1_000;
/** So near to the end counts as being there. */
const END_SLACK_PX = 48;
/** Joiners and variation selectors are `Default_Ignorable_Code_Point`s. */
const ONLY_EMOJI =
  /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|\p{Default_Ignorable_Code_Point}|\s){1,24}$/u;
/** What the hub announces of somebody begins with the name. */
const ANNOUNCEMENT = /^(.+)( (?:joined|left)\.)$/s;

const hourAndMinute = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const calendarDay = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

export function clockTime(time) {
  return hourAndMinute.format(time);
}

/** What was said, on the page: messages grouped by person, notices between them, and the count of what is still unread. */
export class Transcript {
  #log;
  #empty;
  #unreadButton;
  #unread = 0;
  #wasAtEnd = true;
  #lastTime;
  /** The group that a further message of the same person joins. */
  #group;

  constructor({ log, empty, unreadButton }) {
    this.#log = log;
    this.#empty = empty;
    this.#unreadButton = unreadButton;
    log.addEventListener('scroll', () => this.#isAtEnd() && this.#markRead(), { passive: true });
    unreadButton.addEventListener('click', () => {
      this.scrollToEnd();
      log.focus({ preventScroll: true });
    });
    this.#staysAtEndWhenResized();
  }

  addMessage({ from, text, isOwn }) {
    const wasAtEnd = this.#isAtEnd();
    this.#empty.hidden = true;
    const body = this.#groupFor(from, isOwn).lastElementChild;
    body.append(bubble(text));
    this.#trim();
    if (wasAtEnd || isOwn) this.scrollToEnd();
    else this.#countUnread();
  }

  addNotice(text) {
    const wasAtEnd = this.#isAtEnd();
    this.#beginEntry();
    this.#group = undefined;
    this.#log.append(noticeOf(text));
    this.#trim();
    if (wasAtEnd) this.scrollToEnd();
  }

  /** A message of one's own that may not have arrived. */
  addUnsent(text, reason, retry) {
    this.#beginEntry();
    this.#group = undefined;
    const group = element('section', 'group own unsent');
    const body = element('div', 'group-body');
    const foot = element('p', 'unsent-foot', `Not sent: ${reason} `);
    const again = element('button', 'link', 'Send again');
    again.type = 'button';
    again.addEventListener('click', () => {
      if (retry()) group.remove();
    });
    foot.append(again);
    body.append(bubble(text), foot);
    group.append(body);
    this.#log.append(group);
    this.scrollToEnd();
  }

  clear() {
    this.#log.replaceChildren(this.#empty);
    this.#empty.hidden = false;
    this.#group = undefined;
    this.#lastTime = undefined;
    this.#markRead();
  }

  scrollToEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#wasAtEnd = true;
    this.#markRead();
  }

  #groupFor(from, isOwn) {
    const isSamePerson = this.#group?.dataset.from === from && this.#group.classList.contains('own') === isOwn;
    const isSoonAfter = this.#lastTime !== undefined && Date.now() - this.#lastTime.getTime() < GROUP_PAUSE_MS;
    const isNewDay = this.#beginEntry();
    if (isSamePerson && isSoonAfter && !isNewDay) return this.#group;
    this.#group = newGroup(from, isOwn, this.#lastTime);
    this.#log.append(this.#group);
    return this.#group;
  }

  /** Tells whether the entry is the first of a new day. */
  #beginEntry() {
    const now = new Date();
    const isNewDay = this.#lastTime !== undefined && this.#lastTime.toDateString() !== now.toDateString();
    if (isNewDay) this.#log.append(element('p', 'notice day', calendarDay.format(now)));
    this.#lastTime = now;
    return isNewDay;
  }

  #trim() {
    const entries = this.#log.children;
    // The first child is the hint of the empty log.
    while (entries.length > MAX_ENTRIES) entries[1].remove();
    const bubbles = this.#group?.lastElementChild.children;
    while (bubbles?.length > MAX_ENTRIES) bubbles[1].remove();
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < END_SLACK_PX;
  }

  #countUnread() {
    this.#unread += 1;
    this.#unreadButton.textContent = this.#unread === 1 ? '1 new message' : `${this.#unread} new messages`;
    this.#unreadButton.hidden = false;
  }

  #markRead() {
    this.#unread = 0;
    this.#unreadButton.hidden = true;
  }

  /** A phone's keyboard takes half of the height; who read the newest message goes on doing so. */
  #staysAtEndWhenResized() {
    const log = this.#log;
    const sizeOf = () => `${log.clientWidth} ${log.clientHeight}`;
    let size = sizeOf();
    const onScroll = () => {
      // A scroll of before the resize is told after it, but before the observer is.
      if (sizeOf() === size) this.#wasAtEnd = this.#isAtEnd();
    };
    log.addEventListener('scroll', onScroll, { passive: true });
    new ResizeObserver(() => {
      size = sizeOf();
      if (this.#wasAtEnd) this.scrollToEnd();
    }).observe(log);
  }
}

function newGroup(from, isOwn, time) {
  const section = element('section', isOwn ? 'group own' : 'group');
  section.dataset.from = from;
  if (!isOwn) {
    const avatar = element('div', 'avatar');
    avatar.setAttribute('aria-hidden', 'true');
    paintAvatar(avatar, from);
    section.append(avatar);
  }
  const head = element('p', 'group-head');
  const name = element('bdi', isOwn ? 'visually-hidden' : `name tone-${toneOf(from)}`, isOwn ? 'You' : from);
  const stamp = element('time', '', clockTime(time));
  stamp.dateTime = time.toISOString();
  head.append(name, ' ', stamp);
  const body = element('div', 'group-body');
  body.append(head);
  section.append(body);
  return section;
}

/** A name has a box of its own, lest its characters turn the words after it. */
function noticeOf(text) {
  const notice = element('p', 'notice');
  notice.dir = 'auto';
  const [, name, words] = ANNOUNCEMENT.exec(text) ?? [];
  if (name === undefined) notice.append(text);
  else notice.append(element('bdi', '', name), words);
  return notice;
}

function bubble(text) {
  const paragraph = element('p', ONLY_EMOJI.test(text) ? 'bubble emoji' : 'bubble', text);
  paragraph.dir = 'auto';
  return paragraph;
}

/** Text goes in as text: nothing that anybody writes becomes markup. */
function element(tag, className, text) {
  const created = document.createElement(tag);
  if (className) created.className = className;
  if (text !== undefined) created.textContent = text;
  return created;
}
