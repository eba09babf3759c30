import { describe, expect, it } from '@jest/globals';
import { InspectorRouter } from '../../../src/inspector/inspector.router.js';

const router = new InspectorRouter({
  'GET hubs': () => 'hubs',
  'POST hubs/:hub/connections/:id/close': ({ hub, id }) => `${hub} ${id}`,
});

describe('the calls of the page', () => {
  it('are found by method and path, parameters decoded', () => {
    expect(router.find('GET', 'hubs').parameters).toEqual({ hub: '', id: '' });
    expect(router.find('POST', 'hubs/a%2Fb/connections/c%20d/close').parameters).toEqual({ hub: 'a/b', id: 'c d' });
    expect(router.find('POST', 'hubs/%zz/connections/1/close').parameters).toEqual({ hub: '%zz', id: '1' });
  });

  it.each([
    ['POST', 'hubs', 405],
    ['GET', 'nothing', 404],
    ['GET', 'hubs/', 404],
    ['GET', '__proto__', 404],
  ])('answer %s %s with %i', (method, path, status) => {
    expect(() => router.find(method, path)).toThrow(expect.objectContaining({ status }));
  });
});
