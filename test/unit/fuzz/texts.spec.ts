import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as fc from '../../support/property.js';
import { parseGroupPattern } from '../../../src/emulator/core/group-pattern.js';
import { ConnectionPermissions } from '../../../src/emulator/core/permissions.js';
import { decodeRestPath } from '../../../src/emulator/rest/rest-path.js';
import { readContentType } from '../../../src/emulator/rest/rest-content-type.js';
import { RestError } from '../../../src/emulator/rest/rest.errors.js';
import { EventPattern } from '../../../src/emulator/upstream/event-pattern.js';
import { OriginRules } from '../../../src/library/security/origin-rules.js';
import { createPathTest } from '../../../src/library/upstream/event-path.js';
import { decodeAccessToken, signAccessToken, verifyAccessToken } from '../../../src/protocol/access-token.js';
import { formatConnectionString, parseConnectionString } from '../../../src/protocol/connection-string.js';
import { validateMetadata } from '../../../src/protocol/message-metadata.js';
import { isEventName, isGroupName, isHubName } from '../../../src/protocol/names.js';
import { findSubprotocol, selectSubprotocol } from '../../../src/protocol/subprotocol.js';
import { UrlTemplate } from '../../../src/protocol/url-template.js';
import { expectCleanPrototypes, hostileJson, hostileText, nearly } from '../../support/hostile-values.js';

expectCleanPrototypes();

const KEY = 'primary-key-for-tests-0123456789abcdef';
const host = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}(\.[a-z][a-z0-9]{0,5}){0,2}$/);

describe('connection strings [auth 1]', () => {
  const accessKey = fc.stringMatching(/^[A-Za-z0-9+/]{1,50}={0,2}$/);

  it('are read as they were written', () => {
    const endpoint = fc
      .tuple(fc.constantFrom('http', 'https'), host, fc.integer({ min: 1024, max: 65535 }))
      .map(([scheme, name, port]) => `${scheme}://${name}:${port}`);
    fc.assert(
      fc.property(fc.record({ endpoint, accessKey }), (value) => {
        expect(parseConnectionString(formatConnectionString(value))).toEqual(value);
      }),
    );
  });

  it('that are wrong are refused with words that hold nothing of the key', () => {
    const secret = 'SECRET0123456789SECRET0123456789';
    const wire = Buffer.from(`Endpoint=https://demo.webpubsub.azure.com;AccessKey=${secret};Port=8080;Version=1.0;`);
    fc.assert(
      fc.property(fc.oneof(nearly(wire).map(String), hostileText), (text) => {
        try {
          parseConnectionString(text);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
          expect((error as Error).message).not.toContain('SECRET0');
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('names [rest-api 2, client-websocket 12]', () => {
  it('are told from other text whatever it is', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        if (isHubName(text)) expect(text).toMatch(/^[\x21-\x7e]{1,128}$/);
        if (isEventName(text)) expect(encodeURIComponent(text)).toBe(text);
        if (isGroupName(text)) expect(text.length).toBeLessThanOrEqual(1_024);
        findSubprotocol(text);
        expect(selectSubprotocol([text, '__proto__'])).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('are names to their last character', () => {
    expect([isHubName('chat\n'), isEventName('message\n'), isHubName('chat\0')]).toEqual([false, false, false]);
  });
});

describe('URL templates [upstream-events 2]', () => {
  it('put in hub and event so that neither leaves its place', () => {
    const template = new UrlTemplate('http://localhost:8080/a/{hub}/b/{event}?c={HUB}&d=1#{x}');
    const text = hostileText.map((value) => Buffer.from(value).toString());
    fc.assert(
      fc.property(text, text, (hub, event) => {
        const url = new URL(template.expand(hub, event));
        expect(url.origin).toBe('http://localhost:8080');
        expect([...url.searchParams.keys()]).toEqual(['c', 'd']);
        expect(url.searchParams.get('c')).toBe(hub);
        // The URL standard takes `.` and `..` for steps, percent-encoded or not; no hub or event is called so.
        if (!/^\.{1,2}$/.test(hub) && !/^\.{1,2}$/.test(event)) {
          const [, a, first, b, second, ...rest] = url.pathname.split('/').map(decodeURIComponent);
          expect([a, first, b, second, rest]).toEqual(['a', hub, 'b', event, []]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('of any text are used or refused in words', () => {
    const parts = fc.constantFrom(
      'http://',
      'https://',
      'tunnel:///',
      'h',
      '{hub}',
      '{event}',
      '{',
      '}',
      '/',
      '?',
      '@',
      ':',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(parts, hostileText), { maxLength: 6 }), (texts) => {
        const template = new UrlTemplate(texts.join(''));
        if (template.problem !== undefined) expect(template.problem).not.toMatch(/[\r\n]/);
        else expect(URL.canParse(template.expand('hub', 'event'))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('wildcard patterns of groups [auth 6]', () => {
  it('of any text are read or skipped', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (text, group) => {
        const parsed = parseGroupPattern(text);
        if (parsed.kind === 'pattern') parsed.pattern.matches(group);
        new ConnectionPermissions([`webpubsub.sendToGroups.${text}`]).maySendTo(group);
      }),
      { numRuns: 300 },
    );
  });

  it.each(['**?**?*', '*?*?*?*?*', '**?**', '?*?*?*?*?*?', 'a*a*a*a*a*b', '**a**a*'])(
    'take time by the product of both lengths and no more: %s',
    (pattern) => {
      const long = pattern.replaceAll('?', '?'.repeat(150)).replaceAll('a', 'a'.repeat(150));
      const parsed = parseGroupPattern(long);
      if (parsed.kind !== 'pattern') throw new Error(`${parsed.kind}: ${JSON.stringify(parsed)}`);
      // What a backtracking matcher would do for each of these grows with a power of the name's length.
      const name = `${'a'.repeat(1_023)}.`;
      for (let round = 0; round < 10; round++) parsed.pattern.matches(name);
      expect(new CountedText(name).stepsOf((text) => parsed.pattern.matches(text))).toBeLessThanOrEqual(name.length);
    },
  );

  it('of event handlers match names, not expressions', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (pattern, name) => {
        const isListed = pattern
          .split(',')
          .some((part) => ['*', name.toLowerCase()].includes(part.trim().toLowerCase()));
        if (name.trim() === name && name !== '') expect(new EventPattern(pattern).matches(name)).toBe(isListed);
      }),
    );
  });
});

/** Counts how often a matcher looks at a character: once each, if it never goes back. */
class CountedText {
  #steps = 0;

  constructor(private readonly text: string) {}

  stepsOf(match: (text: string) => void): number {
    const counting = new Proxy(Object(this.text) as object, {
      get: (target, name) => {
        if (name === 'charAt') {
          return (index: number) => {
            this.#steps++;
            return this.text.charAt(index);
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    match(counting as unknown as string);
    return this.#steps;
  }
}

describe('access tokens [auth 2]', () => {
  const rules = { accessKeys: [KEY], audiences: ['http://localhost/client/hubs/chat'], now: 1_000_000 };

  /** As any library may, whatever names the claims have. */
  const signByHand = (claims: object): string => {
    const [header, payload] = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) => {
      return Buffer.from(JSON.stringify(part)).toString('base64url');
    });
    return `${header}.${payload}.${createHmac('sha256', KEY).update(`${header}.${payload}`).digest('base64url')}`;
  };

  it('give back the claims they were signed with', () => {
    const claims = fc
      .array(fc.tuple(hostileText, fc.oneof(hostileText, fc.array(hostileText, { maxLength: 2 }))), { maxLength: 4 })
      .map((entries) => Object.fromEntries(entries));
    fc.assert(
      fc.property(claims, (own) => {
        const all = { ...own, aud: rules.audiences[0], exp: 2_000 };
        const verdict = verifyAccessToken(signByHand(all), rules);
        expect(verdict).toMatchObject({ isValid: true });
        expect(JSON.stringify(verdict.isValid && verdict.claims)).toBe(JSON.stringify(all));
      }),
    );
  });

  it('that are nearly right are refused', () => {
    const token = signAccessToken({ aud: rules.audiences[0], exp: 2_000, sub: 'ann' }, KEY);
    fc.assert(
      fc.property(nearly(Buffer.from(token)), (bytes) => {
        const text = bytes.toString('latin1');
        const verdict = verifyAccessToken(text, rules);
        decodeAccessToken(text);
        // The last character of base64 has bits that say nothing.
        if (text !== token && text.slice(0, -1) !== token.slice(0, -1)) expect(verdict.isValid).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('of any header and payload are refused without a signature', () => {
    fc.assert(
      fc.property(hostileJson, hostileJson, fc.constantFrom('', 'x', 'AAAA'), (header, payload, signature) => {
        const token = [header, payload].map((part) => Buffer.from(part).toString('base64url')).join('.');
        expect(verifyAccessToken(`${token}.${signature}`, rules).isValid).toBe(false);
        decodeAccessToken(`${token}.${signature}`);
      }),
    );
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const payload = Buffer.from(JSON.stringify({ aud: rules.audiences[0], exp: 2_000 })).toString('base64url');
    expect(verifyAccessToken(`${none}.${payload}.`, rules).isValid).toBe(false);
  });
});

describe('texts of requests', () => {
  it('as paths are decoded segment by segment, and no slash comes of it [rest-api 2]', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(hostileText, fc.constantFrom('%2F', '%2f', '%25', '%e2%82', '/'))), (parts) => {
        const path = `/${parts.join('')}`;
        const segments = decodeRestPath(path);
        expect(segments.every((segment) => !segment.includes('/'))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('as content types are read or refused [rest-api 5.1]', () => {
    const parts = fc.constantFrom(
      'text/plain',
      'application/json',
      ';',
      'charset',
      '=',
      '"',
      '\\',
      ' ',
      'utf-8',
      'utf-7',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(parts, hostileText), { maxLength: 8 }), (texts) => {
        try {
          readContentType(texts.join('')).decode(Buffer.from([0xff, 0xfe, 0]));
        } catch (error) {
          expect(error).toBeInstanceOf(RestError);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('as metadata are checked key by key [client-websocket 5.5]', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(hostileText, hostileText)), (entries) => {
        const verdict = validateMetadata(entries);
        if (verdict.isValid) expect(new Map(Object.entries(verdict.metadata))).toEqual(new Map(entries));
        else expect(verdict.problem).not.toMatch(/[\r\n]/);
      }),
    );
  });

  it('as targets and origins are compared without harm', () => {
    const isEventPath = createPathTest('/eventhandler');
    const rules = new OriginRules(['demo.webpubsub.azure.com']);
    fc.assert(
      fc.property(hostileText, (text) => {
        isEventPath(text);
        isEventPath(`http://${text}`);
        expect(isEventPath(`/eventhandler?${text}`)).toBe(true);
        if (!text.includes('demo')) expect(rules.isAllowed([text])).toBe(false);
        expect(rules.isAllowed([`demo.webpubsub.azure.com.${text}`])).toBe(false);
      }),
    );
    expect(
      ['//eventhandler', '/%65venthandler', '/x/../eventhandler', '\\eventhandler', '*', ''].map(isEventPath),
    ).toEqual(Array.from({ length: 6 }, () => false));
  });
});
