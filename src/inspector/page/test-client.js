import { post } from './api.js';

const SUBPROTOCOLS = { json: 'json.webpubsub.azure.v1', reliable: 'json.reliable.webpubsub.azure.v1' };
const RECOVERY_WINDOW_MS = 30_000;
const RECOVERY_STEP_MS = 1_000;

/**
 * One WebSocket client of the emulator, as an application's own would be. Says what happens through `onChange` (its
 * `state`: `new`, `connecting`, `open`, `recovering`, `closed`) and `onFrame` (`{ direction, time, data }`).
 */
export class TestClient {
  state = 'new';
  connectionId;
  userId;
  /** Why it is closed, in words. */
  reason;
  #profile;
  #socket;
  #nextAckId = 1;
  #reconnectionToken;
  #recoverUntil = 0;
  #recoveryTimer;
  #isEnding = false;

  constructor(profile, { onChange, onFrame }) {
    this.#profile = profile;
    this.userId = profile.userId || undefined;
    this.onChange = onChange;
    this.onFrame = onFrame;
  }

  get isPubSub() {
    return this.#profile.protocol !== 'simple';
  }

  async connect() {
    this.#isEnding = false;
    this.#reconnectionToken = undefined;
    this.connectionId = undefined;
    this.#change('connecting');
    const url = this.#url();
    try {
      if (!this.#profile.noToken) {
        const { hub, userId, roles, groups } = this.#profile;
        const { token } = await post('token', { hub, userId, roles, groups });
        url.searchParams.set('access_token', token);
      }
    } catch (error) {
      this.#change('closed', error.message);
      return;
    }
    this.#open(url);
  }

  disconnect() {
    this.#isEnding = true;
    clearTimeout(this.#recoveryTimer);
    if (this.state === 'recovering') this.#change('closed', 'Given up.');
    this.#socket?.close(1000);
  }

  /** Each of these is one frame with an ack id of its own. `data` is text; of type json it is JSON, of binary base64. */
  sendEvent(event, dataType, data) {
    this.#sendFrame({ type: 'event', event }, dataType, data);
  }

  sendToGroup(group, dataType, data, noEcho) {
    this.#sendFrame({ type: 'sendToGroup', group, ...(noEcho && { noEcho }) }, dataType, data);
  }

  joinGroup(group) {
    this.#sendFrame({ type: 'joinGroup', group });
  }

  leaveGroup(group) {
    this.#sendFrame({ type: 'leaveGroup', group });
  }

  sendRaw(text) {
    this.#socket.send(text);
    this.#note('out', text);
  }

  #url() {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    return new URL(`${scheme}://${location.host}/client/hubs/${encodeURIComponent(this.#profile.hub)}`);
  }

  #sendFrame(fields, dataType, data) {
    const head = JSON.stringify({ ...fields, ackId: this.#nextAckId++ });
    this.sendRaw(data === undefined ? head : withData(head, dataType, data));
  }

  #open(url) {
    const subprotocol = SUBPROTOCOLS[this.#profile.protocol];
    const socket = new WebSocket(url, subprotocol === undefined ? [] : [subprotocol]);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    let wasOpen = false;
    socket.addEventListener('open', () => {
      wasOpen = true;
      this.#change('open');
    });
    socket.addEventListener('message', ({ data }) => this.#receive(data));
    socket.addEventListener('close', (event) => this.#onClose(event, wasOpen));
  }

  #receive(data) {
    this.#note('in', data);
    if (!this.isPubSub || typeof data !== 'string') return;
    const frame = JSON.parse(data);
    if (frame.type === 'system' && frame.event === 'connected') {
      this.connectionId = frame.connectionId;
      this.userId = frame.userId ?? undefined;
      this.#reconnectionToken = frame.reconnectionToken ?? this.#reconnectionToken;
      this.onChange();
    }
    if (frame.sequenceId !== undefined)
      this.sendRaw(JSON.stringify({ type: 'sequenceAck', sequenceId: frame.sequenceId }));
  }

  #onClose({ code, reason }, wasOpen) {
    const isCut = code !== 1000 && code !== 1008;
    if (isCut && !this.#isEnding && this.#reconnectionToken !== undefined) {
      if (wasOpen) this.#recoverUntil = Date.now() + RECOVERY_WINDOW_MS;
      if (Date.now() < this.#recoverUntil) {
        this.#change('recovering', `The socket was cut (${code}); coming back.`);
        this.#recoveryTimer = setTimeout(() => this.#recover(), RECOVERY_STEP_MS);
        return;
      }
    }
    this.#change('closed', wasOpen ? `Closed with ${code}${reason ? `: ${reason}` : ''}.` : undefined);
  }

  #recover() {
    const url = this.#url();
    url.searchParams.set('awps_connection_id', this.connectionId);
    url.searchParams.set('awps_reconnection_token', this.#reconnectionToken);
    this.#open(url);
  }

  #change(state, reason) {
    this.state = state;
    this.reason = reason;
    this.onChange();
  }

  #note(direction, data) {
    this.onFrame({ direction, time: Date.now(), data });
  }
}

/** JSON data are set in as they were written, so that no digit is lost on the way. */
function withData(head, dataType, data) {
  const written = dataType === 'json' ? data : JSON.stringify(data);
  return `${head.slice(0, -1)},"dataType":${JSON.stringify(dataType)},"data":${written}}`;
}
