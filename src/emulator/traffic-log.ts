import type { UpstreamRequest, UpstreamResponse } from './core/upstream-transport.js';

/** One thing that crossed a door of the emulator. */
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

/** A client's coming, going and frames. A fan-out is one entry with the number of receivers, not one per receiver. */
export interface ClientTraffic extends TrafficBase {
  readonly door: 'client';
  readonly action: 'connected' | 'disconnected' | 'recovered' | 'refused' | 'received' | 'sent' | 'fanOut' | 'fault';
  readonly connectionId?: string;
  readonly userId?: string;
  /** A frame as it crossed the wire, or a close reason; long ones are cut by the log. */
  readonly frame?: string | Uint8Array;
  /** What the frame means: `sendToGroup lobby`, `ack 3 Forbidden`, ... */
  readonly summary: string;
  /** Of a refused handshake (HTTP) or of a close (WebSocket). */
  readonly status?: number;
  readonly receivers?: number;
}

export interface RestTraffic extends TrafficBase {
  readonly door: 'rest';
  readonly method: string;
  /** Path and query; never the token. */
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  readonly contentType?: string;
  readonly requestBody?: Uint8Array;
  /** Why it was refused. */
  readonly reason?: string;
}

export interface UpstreamTraffic extends TrafficBase {
  readonly door: 'upstream';
  readonly eventName: string;
  readonly connectionId?: string;
  readonly userId?: string;
  /** Counts from 1; a retry is an entry of its own. */
  readonly attempt: number;
  readonly request: UpstreamRequest;
  readonly response?: UpstreamResponse;
  readonly durationMs: number;
  /** Present when the call failed: in words, with what to do about it. */
  readonly failure?: string;
}

/** Bounded record of what crossed each door, newest kept, and a feed of what comes. */
export class TrafficLog {
  readonly #entries: TrafficEntry[] = [];
  readonly #listeners = new Set<(entry: TrafficEntry) => void>();
  #nextId = 1;

  constructor(
    private readonly now: () => number,
    private readonly capacity = 2_000,
  ) {}

  record(record: TrafficRecord): void {
    const entry = { ...record, id: this.#nextId++, time: this.now() } as TrafficEntry;
    // Dropping in halves keeps the cost of an entry constant.
    if (this.#entries.length >= 2 * this.capacity) this.#entries.splice(0, this.capacity);
    this.#entries.push(entry);
    for (const listener of this.#listeners) listener(entry);
  }

  /** Oldest first, at most the capacity. */
  entries(): readonly TrafficEntry[] {
    return this.#entries.slice(-this.capacity);
  }

  /** Returns the function that ends the subscription. */
  subscribe(listener: (entry: TrafficEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  clear(): void {
    this.#entries.length = 0;
  }
}
