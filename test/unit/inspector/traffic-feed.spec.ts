import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { TrafficLog } from '../../../src/emulator/traffic-log.js';
import { TrafficFeed, type FeedMessage } from '../../../src/inspector/traffic-feed.js';

/** A response that keeps what is written, and can be as slow as a test wants. */
class FakeResponse extends EventEmitter {
  readonly ids: string[] = [];
  readonly messages: FeedMessage[] = [];
  isFull = false;

  writeHead(): void {}

  write(text: string): boolean {
    const [, id, data] = /^id: (.*)\ndata: (.*)\n\n$/s.exec(text)!;
    this.ids.push(id);
    this.messages.push(JSON.parse(data) as FeedMessage);
    this.emit('written');
    return !this.isFull;
  }

  written(): Promise<unknown> {
    return new Promise((resolve) => this.once('written', resolve));
  }
}

function open(feed: TrafficFeed, lastEventId?: string): FakeResponse {
  const response = new FakeResponse();
  const request = { headers: { 'last-event-id': lastEventId } } as unknown as IncomingMessage;
  expect(feed.open(request, response as unknown as ServerResponse)).toBe(true);
  return response;
}

function fill(log: TrafficLog, count: number): void {
  for (let index = 0; index < count; index++) log.record({ door: 'client', hub: 'chat', action: 'sent', summary: 'x' });
}

const rowIds = ({ rows }: FeedMessage): number[] => rows.map(({ id }) => id);

describe('the feed of the traffic', () => {
  it('begins with what is in the record and goes on with what comes, gathered', async () => {
    const log = new TrafficLog(() => 0);
    fill(log, 2);
    const response = open(new TrafficFeed(log, 'run'));
    fill(log, 3);
    await response.written();
    expect(response.messages.map((message) => [message.reset, rowIds(message)])).toEqual([
      [true, [1, 2]],
      [false, [3, 4, 5]],
    ]);
    response.emit('close');
  });

  it('lets a reader go on where it was', () => {
    const log = new TrafficLog(() => 0);
    fill(log, 4);
    const feed = new TrafficFeed(log, 'run');
    const response = open(feed, 'run.2');
    expect(response.messages).toMatchObject([{ reset: false }]);
    expect(rowIds(response.messages[0])).toEqual([3, 4]);
    response.emit('close');
  });

  it.each(['other.2', 'run.', 'run', 'run.x', undefined])('begins anew for the last event id %j', (lastEventId) => {
    const log = new TrafficLog(() => 0);
    fill(log, 2);
    const response = open(new TrafficFeed(log, 'run'), lastEventId);
    expect(response.messages).toMatchObject([{ reset: true, rows: [{ id: 1 }, { id: 2 }] }]);
    response.emit('close');
  });

  it('begins anew for a reader that has missed rows which are gone', () => {
    const log = new TrafficLog(() => 0, 5);
    fill(log, 20);
    const response = open(new TrafficFeed(log, 'run'), 'run.2');
    expect(response.messages).toMatchObject([{ reset: true }]);
    response.emit('close');
  });

  it('waits for a slow reader, skips the oldest and says how many', () => {
    const log = new TrafficLog(() => 0);
    const response = new FakeResponse();
    response.isFull = true;
    const request = { headers: {} } as unknown as IncomingMessage;
    new TrafficFeed(log, 'run').open(request, response as unknown as ServerResponse);
    fill(log, 25_000);
    expect(response.messages).toHaveLength(1);
    response.isFull = false;
    response.emit('drain');
    const { skipped, rows } = response.messages[1];
    expect(skipped + rows.length).toBe(25_000);
    expect(rows.length).toBeLessThanOrEqual(10_000);
    expect(rows.at(-1)!.id).toBe(25_000);
    response.emit('close');
  });

  it('tells every reader that the record was cleared', () => {
    const log = new TrafficLog(() => 0);
    fill(log, 2);
    const feed = new TrafficFeed(log, 'run');
    const readers = [open(feed), open(feed)];
    feed.clear();
    expect(log.entries()).toEqual([]);
    for (const reader of readers) {
      expect(reader.messages[1]).toEqual({ reset: true, skipped: 0, rows: [] });
      reader.emit('close');
    }
  });

  it('has a limit of readers', () => {
    const feed = new TrafficFeed(new TrafficLog(() => 0), 'run');
    const readers = Array.from({ length: 50 }, () => open(feed));
    const request = { headers: {} } as unknown as IncomingMessage;
    expect(feed.open(request, new FakeResponse() as unknown as ServerResponse)).toBe(false);
    readers[0].emit('close');
    expect(open(feed).messages).toHaveLength(1);
  });
});
