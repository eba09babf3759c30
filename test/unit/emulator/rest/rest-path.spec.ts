import { describe, expect, it } from '@jest/globals';
import { decodeRestPath } from '../../../../src/emulator/rest/rest-path.js';

describe('the path of a call [rest-api 2]', () => {
  it.each<[string, string[]]>([
    ['/api/health', ['api', 'health']],
    ['/api/health/', ['api', 'health']],
    ['/', ['']],
    ['/a//b', ['a', '', 'b']],
    ['/alice%20smith', ['alice smith']],
    ['/alice+bob', ['alice+bob']],
    ['/tenant%2Falice', ['tenant%2Falice']],
    ['/tenant%2falice', ['tenant%2falice']],
    ['/tenant%252Falice', ['tenant%2Falice']],
    ['/%3Asend', [':send']],
    ['/%C3%A4%2F%C3%B6', ['ä%2Fö']],
    ['/a%', ['a%']],
    ['/a%f', ['a%f']],
    ['/%C3', ['%C3']],
    ['/..%2F%2E%2E', ['..%2F..']],
  ])('%s is %j', (path, segments) => {
    expect(decodeRestPath(path)).toEqual(segments);
  });
});
