import { describe, expect, it } from '@jest/globals';
import { ClientConnection } from '../../../src/emulator/core/client-connection.js';
import { systemClock } from '../../../src/emulator/core/clock.js';
import type { EventSink } from '../../../src/emulator/core/event-sink.js';
import { Hub } from '../../../src/emulator/core/hub.js';
import { ConnectionPermissions } from '../../../src/emulator/core/permissions.js';
import { MAX_LISTED, viewHub, viewMembers } from '../../../src/inspector/hub-view.js';

function makeHub(members: readonly { id: string; userId?: string; groups?: string[]; state?: string }[] = []): Hub {
  const hub = new Hub('chat', systemClock, {} as EventSink);
  for (const { id, userId, groups = [], state } of members) {
    const connection = new ClientConnection(hub, id, new ConnectionPermissions([]));
    if (userId !== undefined) connection.userId = userId;
    if (state !== undefined) connection.state = state;
    hub.add(connection, groups);
  }
  return hub;
}

describe('the view of a hub', () => {
  it('joins each event handler with what is known of its validation, secrets blanked', () => {
    const hub = makeHub();
    hub.settings = {
      eventHandlers: [
        { urlTemplate: 'http://localhost:8080/{hub}/{event}?code=hush', userEventPattern: '*' },
        { urlTemplate: 'http://localhost:8080/other', systemEvents: ['connect'] },
        { urlTemplate: 'ftp://x' },
      ],
    };
    const validation = {
      url: 'http://localhost:8080/chat/validate?code=***',
      status: 'refused',
      problem: 'no',
    } as const;
    const view = viewHub(hub, [validation], { entries: () => [] });
    expect(view.handlers).toEqual([
      { settings: { urlTemplate: 'http://localhost:8080/{hub}/{event}?code=***', userEventPattern: '*' }, validation },
      { settings: { urlTemplate: 'http://localhost:8080/other', systemEvents: ['connect'] } },
      {
        settings: { urlTemplate: 'ftp://x' },
        validation: expect.objectContaining({ status: 'refused', problem: expect.stringContaining('broken') }),
      },
    ]);
    expect(JSON.stringify(view)).not.toContain('hush');
  });

  it('lists connections with user, groups and decoded state, and groups by size', () => {
    const state = Buffer.from('{"n":1}').toString('base64');
    const hub = makeHub([
      { id: 'c1', userId: 'ann', groups: ['b', 'a'], state },
      { id: 'c2', groups: ['b'] },
    ]);
    const members = viewMembers(hub, '');
    expect(members).toMatchObject({ matchCount: 2, connectionCount: 2, groupCount: 2 });
    expect(members.connections).toMatchObject([
      { connectionId: 'c1', userId: 'ann', groups: ['b', 'a'], groupCount: 2, state: { text: '{\n  "n": 1\n}' } },
      { connectionId: 'c2', groups: ['b'] },
    ]);
    expect(members.groups).toEqual([
      { name: 'b', memberCount: 2 },
      { name: 'a', memberCount: 1 },
    ]);
  });

  it.each([
    ['ANN', ['c1']],
    ['c2', ['c2']],
    ['lobb', ['c2']],
    ['nobody', []],
    [' ', ['c1', 'c2']],
  ])('finds by %j', (search, ids) => {
    const hub = makeHub([
      { id: 'c1', userId: 'ann' },
      { id: 'c2', userId: 'bob', groups: ['lobby'] },
    ]);
    expect(viewMembers(hub, search).connections.map(({ connectionId }) => connectionId)).toEqual(ids);
  });

  it('lists no more than a page can show, and says how many there are', () => {
    const hub = makeHub(
      Array.from({ length: MAX_LISTED + 50 }, (_, index) => ({ id: `c${index}`, groups: [`g${index}`] })),
    );
    const members = viewMembers(hub, '');
    expect(members.connections).toHaveLength(MAX_LISTED);
    expect(members.groups).toHaveLength(MAX_LISTED);
    expect(members).toMatchObject({ matchCount: MAX_LISTED + 50, groupCount: MAX_LISTED + 50 });
  });
});
