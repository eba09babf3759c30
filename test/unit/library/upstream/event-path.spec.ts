import { describe, expect, it } from '@jest/globals';
import { createPathTest, normalizeEventPath } from '../../../../src/library/upstream/event-path.js';

describe('normalizeEventPath', () => {
  it.each([
    [undefined, '/eventhandler'],
    ['events', '/events'],
    ['/a/b/', '/a/b'],
    ['//a', '/a'],
    ['/', ''],
    ['', ''],
  ])('writes %j as %j', (path, normalized) => {
    expect(normalizeEventPath(path)).toBe(normalized);
  });

  it.each(['/a?b', '/a#b', '/a b', '/{event}'])('refuses %j', (path) => {
    expect(() => normalizeEventPath(path)).toThrow(/is no path of a URL/);
  });
});

describe('createPathTest', () => {
  it.each([
    ['/eventhandler', '/eventhandler', true],
    ['/eventhandler', '/eventhandler/', true],
    ['/eventhandler', '/eventhandler/a/b', true],
    ['/eventhandler', '/eventhandler?code=1', true],
    ['/eventhandler', 'http://host/eventhandler?code=1', true],
    ['/eventhandler', '/eventhandlers', false],
    ['/eventhandler', '/EventHandler', true],
    ['/eventHandler', 'http://host/EVENTHANDLER/a', true],
    ['/eventhandler', '/a/eventhandler', false],
    ['/eventhandler', '*', false],
    ['/eventhandler', undefined, false],
    ['', '/anything', true],
    ['', '/', true],
  ])('of %j says of %j: %j', (path, target, isMatch) => {
    expect(createPathTest(path)(target)).toBe(isMatch);
  });
});
