import type { UpstreamRequest, UpstreamResponse } from './core/upstream-transport.js';

/**
 * One thing that crossed a door of the emulator.
 *
 * @publicApi
 */
export type TrafficEntry = ClientTraffic | RestTraffic | UpstreamTraffic;

/** Handed in without what the log itself adds. */
export type TrafficRecord =
  Omit<ClientTraffic, 'id' | 'time'> | Omit<RestTraffic, 'id' | 'time'> | Omit<UpstreamTraffic, 'id' | 'time'>;

interface TrafficBase {
  /** Counts up from 1. */
  readonly id: number;
  /** Epoch milliseconds of the beginning. */
  readonly time: number;
  readonly hub: string;
}

/**
 * A client's coming, going and frames. A fan-out is one entry with the number of receivers, not one per receiver.
 *
 * @publicApi
 */
export interface ClientTraffic extends TrafficBase {
  readonly door: 'client';
  readonly action: 'connected' | 'disconnected' | 'recovered' | 'refused' | 'received' | 'sent' | 'fanOut' | 'fault';
  readonly connectionId?: string;
  readonly userId?: string;
  /** A frame as it crossed the wire, or a close reason. */
  readonly frame?: string | Uint8Array;
  /** What the frame means: `sendToGroup lobby`, `ack 3 Forbidden`, ... */
  readonly summary: string;
  /** Of a refused handshake (HTTP) or of a close (WebSocket). */
  readonly status?: number;
  readonly receivers?: number;
  /** Of a handshake: the claims of its access token; never the token. */
  readonly tokenClaims?: Readonly<Record<string, unknown>>;
}

/**
 * A call of the REST API.
 *
 * @publicApi
 */
export interface RestTraffic extends TrafficBase {
  readonly door: 'rest';
  readonly method: string;
  /** Path and query; never the token. */
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  readonly contentType?: string;
  /** Without `Authorization`. */
  readonly requestHeaders?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly requestBody?: Uint8Array;
  readonly responseHeaders?: Readonly<Record<string, number | string | readonly string[] | undefined>>;
  readonly responseBody?: Uint8Array;
  /** The claims of the bearer token; never the token. */
  readonly tokenClaims?: Readonly<Record<string, unknown>>;
  /** Why it was refused. */
  readonly reason?: string;
}

/**
 * An attempt to bring an event to upstream, or a validation.
 *
 * @publicApi
 */
export interface UpstreamTraffic extends TrafficBase {
  readonly door: 'upstream';
  readonly eventName: string;
  readonly connectionId?: string;
  readonly userId?: string;
  /** Counts from 1; a retry is an entry of its own. 0: the event failed before anything was sent. */
  readonly attempt: number;
  /** Secrets (bearer tokens, `?code=`) are blanked. */
  readonly request: UpstreamRequest;
  readonly response?: UpstreamResponse;
  readonly durationMs: number;
  /** Present when the call failed: in words, with what to do about it. */
  readonly failure?: string;
  /** What a fault switch did to this call, in words. */
  readonly fault?: string;
  /** The id of the entry that somebody sent again by hand; the answer went to no client. */
  readonly resentFrom?: number;
}

/** What the record holds at most, heads and claims among it; beyond, the oldest entries go early. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Bounded record of what crossed each door, newest kept, and a feed of what comes.
 *
 * @publicApi
 */
export class TrafficLog {
  readonly #entries: TrafficEntry[] = [];
  /** Bytes of each entry, at the same place. */
  readonly #sizes: number[] = [];
  readonly #listeners = new Set<(entry: TrafficEntry) => void>();
  #nextId = 1;
  #bytes = 0;

  constructor(
    private readonly now: () => number,
    private readonly capacity = 2_000,
    private readonly maxBytes = MAX_BYTES,
  ) {}

  /**
   * Keeps what has crossed a door, in the place of the oldest when there are too many, and tells subscribers. The object
   * handed in becomes the entry.
   *
   * @internal
   */
  record(record: TrafficRecord): void {
    const entry = Object.assign(record, { id: this.#nextId++, time: this.now() }) as TrafficEntry;
    // Dropping in halves keeps the cost of an entry constant.
    if (this.#entries.length >= 2 * this.capacity) this.#drop(this.capacity);
    const size = bytesOf(entry);
    this.#entries.push(entry);
    this.#sizes.push(size);
    this.#bytes += size;
    if (this.#bytes > this.maxBytes) this.#dropToHalf();
    for (const listener of this.#listeners) listener(entry);
  }

  /** Oldest first, at most the capacity. */
  entries(): readonly TrafficEntry[] {
    return this.#entries.slice(-this.capacity);
  }

  /** Id of the newest entry ever, 0 before the first: it stands still while nothing crosses any door. */
  get lastId(): number {
    return this.#nextId - 1;
  }

  /** The entry while it is in the record. */
  find(id: number): TrafficEntry | undefined {
    // Ids have no gaps, so an entry's place follows from the first.
    const first = this.#entries[0];
    return first && this.#entries[id - first.id];
  }

  /** Returns the function that ends the subscription. */
  subscribe(listener: (entry: TrafficEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets all entries; ids go on. */
  clear(): void {
    this.#entries.length = 0;
    this.#sizes.length = 0;
    this.#bytes = 0;
  }

  #drop(count: number): void {
    this.#entries.splice(0, count);
    for (const size of this.#sizes.splice(0, count)) this.#bytes -= size;
  }

  /** The newest entry stays, however large. */
  #dropToHalf(): void {
    let count = 0;
    let remaining = this.#bytes;
    while (remaining > this.maxBytes / 2 && count < this.#entries.length - 1) {
      remaining -= this.#sizes[count++];
    }
    this.#drop(count);
  }
}

/** Roughly: frames and bodies, and of what stands around them the texts that a stranger may make long. */
function bytesOf(entry: TrafficEntry): number {
  switch (entry.door) {
    case 'client':
      return lengthOf(entry.frame) + entry.summary.length + lengthOf(entry.userId) + lengthOfClaims(entry.tokenClaims);
    case 'rest':
      return (
        entry.path.length +
        lengthOfHeaders(entry.requestHeaders) +
        lengthOf(entry.requestBody) +
        lengthOfHeaders(entry.responseHeaders) +
        lengthOf(entry.responseBody) +
        lengthOfClaims(entry.tokenClaims)
      );
    case 'upstream':
      return (
        entry.request.url.length +
        lengthOfHeaders(entry.request.headers) +
        lengthOf(entry.request.body) +
        lengthOfHeaders(entry.response?.headers) +
        lengthOf(entry.response?.body)
      );
  }
}

function lengthOf(value: string | Uint8Array | undefined): number {
  return value?.length ?? 0;
}

function lengthOfHeaders(headers: RestTraffic['responseHeaders'] = {}): number {
  let length = 0;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    // As it would be written, lists with commas.
    length +=
      name.length + (typeof value === 'number' ? 0 : lengthOf(typeof value === 'object' ? value.join() : value));
  }
  return length;
}

function lengthOfClaims(claims: ClientTraffic['tokenClaims']): number {
  return claims ? JSON.stringify(claims).length : 0;
}
