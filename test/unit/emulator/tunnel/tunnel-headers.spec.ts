import { describe, expect, it } from '@jest/globals';
import { fromTunnelHeaders, toTunnelHeaders } from '../../../../src/emulator/tunnel/tunnel-headers.js';

describe('toTunnelHeaders', () => {
  it('leaves out what the tool sets itself [tunnel 5.1]', () => {
    expect(
      toTunnelHeaders({
        Host: 'h',
        'content-length': '1',
        'Transfer-Encoding': 'chunked',
        Connection: 'close',
        'ce-id': '0',
      }),
    ).toEqual({ 'ce-id': ['0'] });
  });

  it('keeps order and lines', () => {
    const headers = toTunnelHeaders({ b: ['1', '2'], a: '3,4' });
    expect(Object.entries(headers)).toEqual([
      ['b', ['1', '2']],
      ['a', ['3,4']],
    ]);
  });

  it('gives each signature a line of its own [tunnel 5.1]', () => {
    expect(toTunnelHeaders({ 'ce-signature': 'sha256=a,sha256=b' })).toEqual({
      'ce-signature': ['sha256=a', 'sha256=b'],
    });
  });

  it('writes text beyond ASCII as one character per byte of its UTF-8', () => {
    expect(toTunnelHeaders({ 'ce-userId': 'Zoë 李' })).toEqual({ 'ce-userId': ['Zo\u00c3\u00ab \u00e6\u009d\u008e'] });
  });
});

describe('fromTunnelHeaders', () => {
  it('lowers names and joins the lines of those that differ in case', () => {
    expect(fromTunnelHeaders({ 'Set-Cookie': ['a=1', 'b=2'], 'set-cookie': ['c=3'], 'X-A': ['1'] })).toEqual({
      'set-cookie': ['a=1', 'b=2', 'c=3'],
      'x-a': ['1'],
    });
  });
});
