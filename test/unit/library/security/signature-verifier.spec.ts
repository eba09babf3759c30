import { describe, expect, it } from '@jest/globals';
import * as fc from '../../../support/property.js';
import { SignatureVerifier } from '../../../../src/library/security/signature-verifier.js';
import { computeSignature, signConnectionId } from '../../../../src/protocol/signature.js';

/** [upstream-events 7] the test vector. */
const CONNECTION = 'Zk3vQ9yT1uJr8aXbN0pLwA1f2d3c4e5';
const PRIMARY = 'primary-key-for-docs-0123456789abcdef';
const SECONDARY = 'secondary-key-for-docs-0123456789abcd';
const BY_PRIMARY = 'sha256=478a67fa85535b5d5629acc4225eecd7b0b98cd33815aa6f7a6305d8aaf07d98';
const BY_SECONDARY = 'sha256=7c3430fd74e3cef99f0d12ddc46abcf84bb172382c55761933b2704f428f5cc7';
const WRONG = `sha256=${'0'.repeat(64)}`;

const verifierOf = (...keys: string[]) => new SignatureVerifier(() => keys);

describe('SignatureVerifier [upstream-events 7]', () => {
  it.each<[string, string[], string | string[]]>([
    ['the element of the primary key', [PRIMARY], BY_PRIMARY],
    ['the element of the secondary key', [SECONDARY], BY_SECONDARY],
    ['either element when one key is known', [SECONDARY], `${BY_PRIMARY},${BY_SECONDARY}`],
    ['a blank after the comma', [SECONDARY], `${BY_PRIMARY}, ${BY_SECONDARY}`],
    ['blanks around', [PRIMARY], `  ${BY_PRIMARY} ,${WRONG}`],
    ['one element when several keys are known', ['another', SECONDARY, PRIMARY], BY_PRIMARY],
    ['two header lines', [SECONDARY], [BY_PRIMARY, BY_SECONDARY]],
    ['a wrong element before the right one', [PRIMARY], `${WRONG},${BY_PRIMARY}`],
    ['upper-case hex', [PRIMARY], BY_PRIMARY.toUpperCase().replace('SHA256', 'sha256')],
    ['upper case altogether', [PRIMARY], BY_PRIMARY.toUpperCase()],
    ['empty elements beside the right one', [PRIMARY], `,,${BY_PRIMARY},`],
  ])('accepts %s', (_, keys, header) => {
    const verifier = verifierOf(...keys);
    expect(verifier.verify(CONNECTION, header)).toBe(true);
    expect(verifier.verify(CONNECTION, header)).toBe(true);
  });

  it.each<[string, string | string[] | undefined]>([
    ['no header', undefined],
    ['an empty header', ''],
    ['no line', []],
    ['commas only', ',,,'],
    ['another digest', WRONG],
    ['the element of an unknown key', BY_SECONDARY],
    ['the digest without its prefix', BY_PRIMARY.slice('sha256='.length)],
    ['another algorithm', BY_PRIMARY.replace('sha256', 'sha512')],
    ['a shorter digest', BY_PRIMARY.slice(0, -1)],
    ['a longer digest', `${BY_PRIMARY}0`],
    ['a digest with a changed digit', `${BY_PRIMARY.slice(0, -1)}9`],
    ['a digest in pieces', `${BY_PRIMARY.slice(0, 40)},${BY_PRIMARY.slice(40)}`],
    ['the right length of something else', 'x'.repeat(BY_PRIMARY.length)],
    ['characters beyond latin1', '李'.repeat(BY_PRIMARY.length)],
  ])('refuses %s', (_, header) => {
    const verifier = verifierOf(PRIMARY);
    expect(verifier.verify(CONNECTION, header)).toBe(false);
    // remembered as well
    expect(verifier.verify(CONNECTION, BY_PRIMARY)).toBe(true);
    expect(verifier.verify(CONNECTION, header)).toBe(false);
  });

  it('refuses the signature of another connection', () => {
    const verifier = verifierOf(PRIMARY);
    expect(verifier.verify(CONNECTION, BY_PRIMARY)).toBe(true);
    expect(verifier.verify('another', BY_PRIMARY)).toBe(false);
    expect(verifier.verify(undefined, BY_PRIMARY)).toBe(false);
    expect(verifier.verify('', computeSignature('', PRIMARY))).toBe(false);
  });

  it('refuses everything when no key is known', () => {
    expect(verifierOf().verify(CONNECTION, BY_PRIMARY)).toBe(false);
  });

  it('never throws and accepts no garbage', () => {
    const verifier = verifierOf(PRIMARY, SECONDARY);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (connectionId, header) => {
        expect(verifier.verify(connectionId, header)).toBe(false);
      }),
    );
  });

  it('accepts the signature of any connection id with any keys', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (id, keys) => {
        expect(verifierOf(keys[0]).verify(id, signConnectionId(id, keys))).toBe(true);
      }),
    );
  });

  it('forgets what it remembers when a key changes', () => {
    let keys: readonly string[] = [PRIMARY];
    const verifier = new SignatureVerifier(() => keys);
    expect(verifier.verify(CONNECTION, BY_PRIMARY)).toBe(true);
    keys = [SECONDARY];
    expect(verifier.verify(CONNECTION, BY_PRIMARY)).toBe(false);
    expect(verifier.verify(CONNECTION, BY_SECONDARY)).toBe(true);
  });

  it('remembers no more connections than it was told, and accepts forgotten ones again', () => {
    const verifier = new SignatureVerifier(() => [PRIMARY], 2);
    const keySource = () => [PRIMARY];
    const ids = Array.from({ length: 20 }, (_, index) => `connection-${index}`);
    for (const id of [...ids, ...ids]) expect(verifier.verify(id, computeSignature(id, PRIMARY))).toBe(true);
    expect(new SignatureVerifier(keySource).verify(ids[0], computeSignature(ids[1], PRIMARY))).toBe(false);
  });
});
