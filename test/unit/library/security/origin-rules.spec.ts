import { describe, expect, it } from '@jest/globals';
import { createOriginRules, OriginRules } from '../../../../src/library/security/origin-rules.js';

const DEMO = 'Endpoint=https://demo.webpubsub.azure.com;AccessKey=key;Version=1.0;';
const REPLICA = 'Endpoint=https://demo-replica.webpubsub.azure.com:8443;AccessKey=key;';

describe('OriginRules [auth 9.4, upstream-events 3]', () => {
  it.each<[string, string[], string[], boolean]>([
    ['the host of the endpoint', [DEMO], ['demo.webpubsub.azure.com'], true],
    ['a host in another case', [DEMO], ['DEMO.WebPubSub.azure.com'], true],
    ['a host with a port', [DEMO], ['demo.webpubsub.azure.com:443'], true],
    [
      'the host of a second endpoint, whose port is no part of it',
      [DEMO, REPLICA],
      ['demo-replica.webpubsub.azure.com'],
      true,
    ],
    ['several origins of which one is allowed', [DEMO], ['other.example', 'demo.webpubsub.azure.com'], true],
    ['another host', [DEMO], ['other.webpubsub.azure.com'], false],
    ['a host that ends alike', [DEMO], ['xdemo.webpubsub.azure.com'], false],
    ['a subdomain', [DEMO], ['a.demo.webpubsub.azure.com'], false],
    ['no origin', [DEMO], [], false],
    ['an empty origin', [DEMO], [''], false],
  ])('by default: %s', (_, connectionString, origins, isAllowed) => {
    expect(createOriginRules({ connectionString }).isAllowed(origins)).toBe(isAllowed);
  });

  it('takes the host of the option endpoint', () => {
    const rules = createOriginRules({ endpoint: 'https://demo.example/', credential: { key: 'k' } as never });
    expect(rules.hosts).toEqual(['demo.example']);
  });

  it('allowedOrigins replaces the hosts of the endpoints', () => {
    const rules = createOriginRules({
      connectionString: DEMO,
      allowedOrigins: ['https://custom.example/', 'Other.Example'],
    });
    expect(rules.hosts).toEqual(['custom.example', 'other.example']);
    expect(rules.isAllowed(['custom.example'])).toBe(true);
    expect(rules.isAllowed(['demo.webpubsub.azure.com'])).toBe(false);
  });

  it("'*' allows any origin and none", () => {
    const rules = createOriginRules({ connectionString: DEMO, allowedOrigins: ['*'] });
    expect(rules.isAllowed(['any.example'])).toBe(true);
    expect(rules.isAllowed([])).toBe(true);
    expect(rules.allowedOriginLines(['any.example'])).toEqual(['*']);
  });

  it('allows any origin when no endpoint is known', () => {
    expect(createOriginRules({ upstreamAuth: { signature: 'off' } }).isAnyAllowed).toBe(true);
  });

  it('allows nobody when the list is empty', () => {
    expect(
      createOriginRules({ connectionString: DEMO, allowedOrigins: [] }).isAllowed(['demo.webpubsub.azure.com']),
    ).toBe(false);
  });

  it('takes the names of the loopback interface for one', () => {
    const rules = new OriginRules(['http://127.0.0.1:8888']);
    expect(rules.isAllowed(['localhost'])).toBe(true);
    expect(rules.isAllowed(['[::1]:8888'])).toBe(true);
    expect(rules.allowedOriginLines(['localhost'])).toEqual(['127.0.0.1', 'localhost']);
    expect(new OriginRules(['demo.example']).isAllowed(['localhost'])).toBe(false);
  });

  it('answers a validation with one line per allowed host, without foreign ones', () => {
    const rules = new OriginRules(['a.example', 'b.example']);
    expect(rules.allowedOriginLines(['A.example', 'evil.example'])).toEqual(['a.example', 'b.example']);
  });
});
