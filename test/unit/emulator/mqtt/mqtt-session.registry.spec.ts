import { expect, it } from '@jest/globals';
import { ClientConnection } from '../../../../src/emulator/core/client-connection.js';
import { Hub } from '../../../../src/emulator/core/hub.js';
import { ConnectionPermissions } from '../../../../src/emulator/core/permissions.js';
import type { MqttSession } from '../../../../src/emulator/mqtt/mqtt-session.js';
import { MqttSessionRegistry } from '../../../../src/emulator/mqtt/mqtt-session.registry.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { StubEventSink } from '../../../support/stub-event-sink.js';

it('knows sessions by client id, and ids that clients of other protocols have', () => {
  const hub = new Hub('chat', new FakeClock(), new StubEventSink());
  const other = new Hub('other', new FakeClock(), new StubEventSink());
  const [own, foreign] = ['a', 'b'].map((id) => new ClientConnection(hub, id, new ConnectionPermissions([])));
  for (const connection of [own, foreign]) hub.add(connection, []);
  const registry = new MqttSessionRegistry();
  const session = { connection: own } as MqttSession;
  registry.add(session);
  expect(registry.find(hub, 'a')).toBe(session);
  expect(['a', 'b', 'c'].map((id) => registry.isForeign(hub, id))).toEqual([false, true, false]);
  expect(registry.find(other, 'a')).toBeUndefined();
  hub.remove(own);
  registry.remove(session);
  expect(registry.find(hub, 'a')).toBeUndefined();
  expect(registry.all()).toEqual([]);
});
