import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Packet } from 'mqtt-packet';
import type { MqttSocket } from '../../../../src/emulator/mqtt/mqtt-socket.js';
import { OutboundMessages, type OutboundMessage } from '../../../../src/emulator/mqtt/outbound-messages.js';
import { FakeClock } from '../../../support/fake-clock.js';

/** As much of a socket as deliveries need. */
class FakeSocket {
  isOpen = true;
  isCongested = false;
  largestPayload = Infinity;
  readonly sent: Packet[] = [];

  send(packet: Packet): boolean {
    if (packet.cmd === 'publish' && packet.payload.length > this.largestPayload) return false;
    this.sent.push(packet);
    return true;
  }

  get asSocket(): MqttSocket {
    return this as unknown as MqttSocket;
  }

  get lastId(): number {
    return this.sent.at(-1)?.messageId ?? 0;
  }

  get ids(): (number | undefined)[] {
    return this.sent.map(({ messageId }) => messageId);
  }
}

let clock: FakeClock;
let outbound: OutboundMessages;
let overflows: number;

beforeEach(() => {
  clock = new FakeClock();
  overflows = 0;
  outbound = new OutboundMessages(clock, () => overflows++);
});

function message(payload = 'x', rest: Partial<OutboundMessage> = {}): OutboundMessage {
  return { topic: 't', payload: Buffer.from(payload), qos: 1, ...rest };
}

describe('OutboundMessages', () => {
  it('uses the ids from 1 to 65535, and none twice at a time', () => {
    const socket = new FakeSocket();
    outbound.attach(socket.asSocket, 65_535);
    outbound.send(message('first', { qos: 2 }));
    for (let count = 0; count < 65_535; count++) {
      outbound.send(message());
      outbound.acknowledge(socket.lastId);
    }
    const { ids } = socket;
    expect([...ids.slice(0, 3), ...ids.slice(65_534)]).toEqual([1, 2, 3, 65_535, 2]);
  });

  it('loses QoS 0 messages while the client is away, or does not read', () => {
    const socket = new FakeSocket();
    outbound.send(message('away', { qos: 0 }));
    outbound.attach(socket.asSocket, 10);
    socket.isCongested = true;
    outbound.send(message('deaf', { qos: 0 }));
    socket.isCongested = false;
    outbound.send(message('heard', { qos: 0 }));
    expect(socket.sent).toMatchObject([{ payload: Buffer.from('heard') }]);
  });

  it('keeps 16 MiB, and says when that is not enough', () => {
    const large = message('x'.repeat(1024 * 1024 - 256));
    for (let count = 0; count < 16; count++) outbound.send(large);
    expect(overflows).toBe(0);
    outbound.send(message());
    expect(overflows).toBe(1);
    const socket = new FakeSocket();
    outbound.attach(socket.asSocket, 100);
    expect(socket.sent).toHaveLength(16);
    outbound.acknowledge(1);
    outbound.send(message());
    expect(socket.sent).toHaveLength(17);
    expect(overflows).toBe(1);
  });

  it('frees the room of what has expired or is too large for the client', () => {
    const large = 'x'.repeat(1024 * 1024 - 256);
    for (let count = 0; count < 8; count++) outbound.send(message(large, { expiresAt: clock.now() + 1000 }));
    for (let count = 0; count < 8; count++) outbound.send(message(large));
    clock.advance(1000);
    const socket = new FakeSocket();
    socket.largestPayload = 10;
    outbound.attach(socket.asSocket, 100);
    expect(socket.sent).toEqual([]);
    for (let count = 0; count < 16; count++) outbound.send(message());
    expect(overflows).toBe(0);
    expect(socket.sent).toHaveLength(16);
  });

  it('delivers a long queue in order, through a window of one', () => {
    for (let count = 0; count < 5_000; count++) outbound.send(message(String(count)));
    const socket = new FakeSocket();
    outbound.attach(socket.asSocket, 1);
    for (let count = 0; count < 5_000; count++) outbound.acknowledge(socket.lastId);
    expect(socket.sent.map((packet) => packet.cmd === 'publish' && Number(packet.payload.toString()))).toEqual(
      Array.from({ length: 5_000 }, (_, index) => index),
    );
  });

  it('repeats a message that expired in flight: the client may know its id', () => {
    const first = new FakeSocket();
    outbound.attach(first.asSocket, 10);
    outbound.send(message('x', { qos: 2, expiresAt: clock.now() + 1_000 }));
    outbound.detach();
    clock.advance(5_000);
    const second = new FakeSocket();
    outbound.attach(second.asSocket, 10);
    expect(second.sent).toMatchObject([{ dup: true, messageId: 1, properties: { messageExpiryInterval: 0 } }]);
  });

  it('takes each acknowledgement for its own QoS only', () => {
    const socket = new FakeSocket();
    outbound.attach(socket.asSocket, 1);
    outbound.send(message('1', { qos: 2 }));
    outbound.send(message('2'));
    outbound.acknowledge(1);
    outbound.complete(1);
    expect(socket.ids).toEqual([1]);
    expect(outbound.receive(2, 0)).toBe(false);
    expect(outbound.receive(1, 0)).toBe(true);
    outbound.complete(1);
    expect(socket.ids).toEqual([1, 2]);
    expect(outbound.receive(2, 0)).toBe(false);
  });
});
