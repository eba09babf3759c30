import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TrafficLog } from '../emulator/traffic-log.js';
import { describeRow, type TrafficRow } from './traffic-row.js';

/** How long rows are gathered into one event. */
const GATHER_MS = 60;
/** Rows that wait for a slow reader; beyond, the oldest are skipped and counted. */
const MAX_WAITING_ROWS = 5_000;
const MAX_READERS = 50;

/** What one event of the feed holds. */
export interface FeedMessage {
  /** The reader starts anew: it has missed rows, reads for the first time, or the record was cleared. */
  readonly reset: boolean;
  /** Rows that were left out before these, since the reader was slow. */
  readonly skipped: number;
  readonly rows: readonly TrafficRow[];
}

/**
 * The traffic record as server-sent events: first what is there, then what comes, gathered so that a flood becomes a few
 * events. Event ids let a browser that lost the feed go on where it was.
 */
export class TrafficFeed {
  readonly #readers = new Set<FeedReader>();

  /** `runId` tells this emulator from another one that had the port before. */
  constructor(
    private readonly traffic: TrafficLog,
    private readonly runId: string,
  ) {}

  /** False: too many read already. */
  open(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#readers.size >= MAX_READERS) return false;
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
    const reader = new FeedReader(response, this.runId);
    this.#readers.add(reader);
    const seen = this.#lastSeen(request);
    const entries = this.traffic.entries();
    const isContinued = seen !== undefined && (entries[0]?.id ?? seen + 1) <= seen + 1;
    reader.start(entries.filter((entry) => !isContinued || entry.id > seen).map(describeRow), !isContinued);
    const unsubscribe = this.traffic.subscribe((entry) => reader.push(describeRow(entry)));
    response.once('close', () => {
      unsubscribe();
      reader.stop();
      this.#readers.delete(reader);
    });
    return true;
  }

  /** Tells every reader that the record is empty. */
  clear(): void {
    this.traffic.clear();
    for (const reader of this.#readers) reader.start([], true);
  }

  #lastSeen(request: IncomingMessage): number | undefined {
    const [runId, id] = String(request.headers['last-event-id'] ?? '').split('.');
    return runId === this.runId && id !== undefined && /^\d{1,15}$/.test(id) ? Number(id) : undefined;
  }
}

class FeedReader {
  #waiting: TrafficRow[] = [];
  #skipped = 0;
  #timer?: NodeJS.Timeout;
  #isDraining = false;
  #lastId = 0;

  constructor(
    private readonly response: ServerResponse,
    private readonly runId: string,
  ) {}

  start(rows: readonly TrafficRow[], reset: boolean): void {
    this.#waiting = [];
    this.#skipped = 0;
    this.#write({ reset, skipped: 0, rows });
  }

  push(row: TrafficRow): void {
    this.#waiting.push(row);
    // Dropping in halves keeps the cost of a row constant.
    if (this.#waiting.length > 2 * MAX_WAITING_ROWS) {
      this.#waiting.splice(0, MAX_WAITING_ROWS);
      this.#skipped += MAX_WAITING_ROWS;
    }
    if (!this.#isDraining) this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#isDraining = true;
    this.#waiting = [];
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    const rows = this.#waiting;
    this.#waiting = [];
    const skipped = this.#skipped;
    this.#skipped = 0;
    this.#write({ reset: false, skipped, rows });
  }

  #write(message: FeedMessage): void {
    this.#lastId = message.rows.at(-1)?.id ?? this.#lastId;
    const isTaken = this.response.write(`id: ${this.runId}.${this.#lastId}\ndata: ${JSON.stringify(message)}\n\n`);
    if (isTaken || this.#isDraining) return;
    this.#isDraining = true;
    this.response.once('drain', () => {
      this.#isDraining = false;
      this.#flush();
    });
  }
}
