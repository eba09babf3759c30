import { describe, expect, it } from '@jest/globals';
import { ClientConnection } from '../../../../src/emulator/core/client-connection.js';
import { Hub } from '../../../../src/emulator/core/hub.js';
import { ConnectionPermissions } from '../../../../src/emulator/core/permissions.js';
import type { DataMessage, GroupStateMessage } from '../../../../src/protocol/service-message.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { StubEventSink } from '../../../support/stub-event-sink.js';

const message: DataMessage = { kind: 'serverData', data: { kind: 'text', text: 'x' } };

function createHub(): { hub: Hub; events: StubEventSink; received: string[]; join: typeof join } {
  const events = new StubEventSink();
  const hub = new Hub('Chat', new FakeClock(), events);
  const received: string[] = [];
  return { hub, events, received, join };

  function join(id: string, groups: string[] = [], userId?: string): ClientConnection {
    const connection = new ClientConnection(hub, id, new ConnectionPermissions([]));
    if (userId !== undefined) connection.userId = userId;
    connection.attach({
      deliver: () => received.push(id),
      close: (reason) => connection.end(reason),
    });
    hub.add(connection, groups);
    return connection;
  }
}

describe('a hub', () => {
  it('hands messages to all, to groups, to users and to connections', () => {
    const { hub, received, join } = createHub();
    join('1', ['a'], 'ann');
    join('2', ['a', 'b'], 'ann');
    join('3', [], 'bob');
    expect(hub.sendToAll(message)).toBe(3);
    expect(hub.sendToGroup({ ...message, kind: 'groupData', group: 'b' })).toBe(1);
    expect(hub.sendToUser('ann', message)).toBe(2);
    expect(hub.sendToConnection('3', message)).toBe(1);
    expect(hub.sendToConnection('4', message)).toBe(0);
    expect(received.join('')).toBe('1232123');
  });

  it('leaves out who is excluded or filtered', () => {
    const { hub, received, join } = createHub();
    for (const id of '123') join(id);
    hub.sendToAll(message, { excluded: new Set(['1', 'unknown']), filter: ({ connectionId }) => connectionId !== '2' });
    expect(received).toEqual(['3']);
  });

  it('leaves out the sender', () => {
    const { hub, received, join } = createHub();
    const [sender] = ['1', '2', '3'].map((id) => join(id));
    expect(hub.sendToAll(message, { sender })).toBe(2);
    expect(received).toEqual(['2', '3']);
  });

  it('raises joined and left for changes alone, and none for the first groups or for the end', () => {
    const { hub, events, join } = createHub();
    const connection = join('1', ['first']);
    hub.joinGroup(connection, 'a');
    hub.joinGroup(connection, 'a');
    hub.leaveGroup(connection, 'a');
    hub.leaveGroup(connection, 'a');
    connection.end('bye');
    expect(events.raised).toEqual(['joined a', 'left a', 'disconnected bye']);
  });

  it('has a group while it has a member, and raises disconnected once', () => {
    const { hub, events, join } = createHub();
    const connection = join('1', ['a'], 'ann');
    expect(hub.groups.has('a')).toBe(true);
    expect([connection.end('x'), connection.end('y')]).toEqual([true, false]);
    expect([hub.groups.size, hub.connections.size, hub.connectionsOfUser('ann').size]).toEqual([0, 0, 0]);
    expect(events.raised).toEqual(['disconnected x']);
  });

  it('does not let a connection join that has ended', () => {
    const { hub, join } = createHub();
    const connection = join('1');
    connection.end('');
    hub.joinGroup(connection, 'a');
    expect(hub.groups.size).toBe(0);
  });
});

describe('group states [client-websocket 5.8]', () => {
  it('are told to subscribers, and end with the membership', () => {
    const { hub, join } = createHub();
    const [ann, bob] = [join('1', ['g'], 'ann'), join('2', ['g'])];
    const heard: GroupStateMessage[] = [];
    hub.groupStates.subscribe(bob, 'g', (update) => heard.push(update));
    hub.groupStates.set(ann, 'g', { k: 'v' });
    const updatedAt = hub.clock.now();
    const item = { connectionId: '1', userId: 'ann', state: { k: 'v' }, updatedAt };
    expect(hub.groupStates.snapshot('g')).toEqual({ kind: 'groupStateSnapshot', group: 'g', items: [item] });
    hub.leaveGroup(ann, 'g');
    expect(heard).toEqual([
      { kind: 'groupStateUpdate', group: 'g', items: [item] },
      { kind: 'groupStateUpdate', group: 'g', items: [{ connectionId: '1', userId: 'ann', updatedAt }] },
    ]);
    hub.groupStates.set(bob, 'g', { k: 'v' });
    bob.end('');
    expect(heard).toHaveLength(3);
    expect(hub.groupStates.snapshot('g').items).toEqual([]);
  });

  it('give at most 200 items, by connection id', () => {
    const { hub, join } = createHub();
    for (let index = 299; index >= 100; index--) hub.groupStates.set(join(`${index}`, ['g']), 'g', {});
    hub.groupStates.set(join('0', ['g']), 'g', {});
    const ids = hub.groupStates.snapshot('g').items.map(({ connectionId }) => connectionId);
    expect([ids.length, ids[0], ids[1], ids.at(-1)]).toEqual([200, '0', '100', '298']);
  });
});
