import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { takeOverRequests } from '../../../../src/library/upstream/request-take-over.js';

const emit = (server: http.Server, url: string) =>
  server.emit('request', { url } as IncomingMessage, {} as ServerResponse);

describe('takeOverRequests', () => {
  it('comes before the listeners there were, and passes on to all of them', () => {
    const seen: string[] = [];
    const server = http.createServer(({ url }) => seen.push(`first ${url}`));
    server.on('request', ({ url }) => seen.push(`second ${url}`));
    const restore = takeOverRequests(server, ({ url }, _response, next) =>
      url === '/mine' ? void seen.push('taken') : next(),
    );
    emit(server, '/mine');
    emit(server, '/other');
    restore();
    emit(server, '/mine');
    expect(seen).toEqual(['taken', 'first /other', 'second /other', 'first /mine', 'second /mine']);
    expect(server.listeners('request')).toHaveLength(2);
  });

  it('passes on when somebody took over after it, once it has ended', () => {
    const seen: string[] = [];
    const server = http.createServer(() => seen.push('host'));
    const restore = takeOverRequests(server, () => seen.push('events'));
    const restoreLater = takeOverRequests(server, (_request, _response, next) => next());
    restore();
    emit(server, '/');
    restoreLater();
    emit(server, '/');
    expect(seen).toEqual(['host', 'host']);
  });

  it.each([[undefined], [null], [{}], [new http.Server()]])('leaves %j alone', (server) => {
    expect(() => takeOverRequests(server, () => undefined)()).not.toThrow();
  });
});
