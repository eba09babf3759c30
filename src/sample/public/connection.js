const SUBPROTOCOL = 'json.webpubsub.azure.v1';
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
const CONNECT_TIMEOUT_MS = 15_000;
const PING_INTERVAL_MS = 20_000;
/** Silence for so long after a ping means that the line is dead, though nobody has said so. */
const PONG_TIMEOUT_MS = 10_000;

/** The application will not let this user in; trying again would not help. */
export class NegotiationRefused extends Error {}

/**
 * A connection to the hub that comes back by itself. Each try negotiates a new URL, since the token of the last one may
 * have expired.
 *
 * Events: `state` (detail: `connecting`, `connected` or `lost`), `data` (detail: what the server sent), `refused`
 * (detail: the reason; nothing is tried any more).
 */
export class ChatConnection extends EventTarget {
  /** As the service knows this user; undefined before the first connection. */
  userId;
  #requestedUserId;
  #socket;
  #negotiation;
  #retryTimer;
  #watchTimer;
  #failures = 0;
  #lastAckId = 0;
  #unconfirmed = new Map();
  #isConnected = false;
  #isClosed = false;

  constructor(userId) {
    super();
    this.#requestedUserId = userId;
    globalThis.addEventListener('online', this.#whenOnline);
  }

  get isConnected() {
    return this.#isConnected;
  }

  async open() {
    this.#tell('state', 'connecting');
    this.#negotiation = new AbortController();
    const { signal } = this.#negotiation;
    this.#watchTimer = setTimeout(() => this.#lose(), CONNECT_TIMEOUT_MS);
    try {
      const url = await negotiate(this.#requestedUserId, signal);
      if (!signal.aborted) this.#attach(new WebSocket(url, SUBPROTOCOL));
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof NegotiationRefused) {
        this.close();
        this.#tell('refused', error.message);
      } else this.#lose();
    }
  }

  /** Resolves when the application has handled the message. */
  send(text) {
    if (!this.#isConnected) return Promise.reject(new Error('Not connected.'));
    const ackId = ++this.#lastAckId;
    this.#write({ type: 'event', event: 'message', ackId, dataType: 'text', data: text });
    return new Promise((resolve, reject) => this.#unconfirmed.set(ackId, { resolve, reject }));
  }

  /** In the place of waiting for the next try. */
  retryNow() {
    if (this.#isClosed || this.#retryTimer === undefined) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    void this.open();
  }

  close() {
    this.#isClosed = true;
    globalThis.removeEventListener('online', this.#whenOnline);
    clearTimeout(this.#retryTimer);
    this.#detach();
  }

  #whenOnline = () => this.retryNow();

  #attach(socket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      if (socket === this.#socket) this.#receive(data);
    });
    socket.addEventListener('close', () => {
      if (socket === this.#socket) this.#lose();
    });
  }

  #detach() {
    this.#negotiation?.abort();
    clearTimeout(this.#watchTimer);
    const socket = this.#socket;
    this.#socket = undefined;
    this.#isConnected = false;
    socket?.close();
    for (const { reject } of this.#unconfirmed.values()) reject(new Error('The connection was lost first.'));
    this.#unconfirmed.clear();
  }

  #lose() {
    this.#detach();
    if (this.#isClosed) return;
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
    // Spread out, so that a thousand pages do not return to a restarted service in the same instant.
    const delay = longest * (0.5 + Math.random() / 2);
    this.#retryTimer = setTimeout(() => this.retryNow(), delay);
    this.#tell('state', 'lost');
  }

  #receive(frame) {
    if (this.#isConnected) this.#watch();
    const message = JSON.parse(frame);
    if (message.type === 'system' && message.event === 'connected') this.#welcome(message);
    else if (message.type === 'message') this.#tell('data', message.data);
    else if (message.type === 'ack') this.#settle(message);
  }

  #welcome({ userId }) {
    this.userId = userId ?? this.#requestedUserId;
    this.#failures = 0;
    this.#isConnected = true;
    this.#watch();
    this.#tell('state', 'connected');
  }

  #settle({ ackId, success, error }) {
    const waiting = this.#unconfirmed.get(ackId);
    this.#unconfirmed.delete(ackId);
    if (success || error?.name === 'Duplicate') waiting?.resolve();
    else waiting?.reject(new Error(error?.message ?? 'The service refused it.'));
  }

  /** Pings after a while without a frame, and gives the socket up when nothing answers. */
  #watch() {
    clearTimeout(this.#watchTimer);
    this.#watchTimer = setTimeout(() => {
      this.#write({ type: 'ping' });
      this.#watchTimer = setTimeout(() => this.#lose(), PONG_TIMEOUT_MS);
    }, PING_INTERVAL_MS);
  }

  #write(message) {
    this.#socket.send(JSON.stringify(message));
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

async function negotiate(userId, signal) {
  const response = await fetch(`/negotiate?userId=${encodeURIComponent(userId)}`, { signal, cache: 'no-store' });
  if (response.status >= 400 && response.status < 500) {
    const { message } = await response.json().catch(() => ({}));
    throw new NegotiationRefused(typeof message === 'string' ? message : 'This name cannot be used.');
  }
  if (!response.ok) throw new Error(`Negotiation failed with status ${response.status}.`);
  return (await response.json()).url;
}
