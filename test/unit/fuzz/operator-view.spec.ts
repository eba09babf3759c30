import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import * as fc from '../../support/property.js';
import { EventLog } from '../../../src/library/upstream/event.log.js';
import { RateLimitedWarnings } from '../../../src/library/upstream/rate-limited-warnings.js';
import { takeHostBody } from '../../../src/library/upstream/request-body.js';
import { hostileText, nested } from '../../support/hostile-values.js';

describe('the log of events', () => {
  const lines: string[] = [];
  beforeEach(() => {
    const write = (line: string): void => void lines.push(line);
    Logger.overrideLogger({ log: write, warn: write, error: write, debug: write });
  });
  afterEach(() => {
    Logger.overrideLogger(false);
    lines.length = 0;
  });

  it('has one line for each, and nothing in it that ends a line or moves a cursor', () => {
    const log = new EventLog('/eventhandler');
    fc.assert(
      fc.property(
        hostileText,
        fc.constantFrom('\u009b2J', '\u0085', '\u2028', '\u001b[2J', '\r\n'),
        (text, control) => {
          const value = text + control;
          lines.length = 0;
          log.answered({
            ...{ method: value, url: `/e?${value}`, type: value, hub: value, event: value, userId: value },
            ...{ connectionId: value, status: 200, reason: value, elapsedMs: 1 },
          });
          log.validationFailed(value);
          log.originRefused([value]);
          log.signatureRefused(value, false);
          log.hubUnknown(value, [value]);
          // oxlint-disable-next-line no-control-regex
          for (const line of lines) expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
        },
      ),
    );
  });

  it.each([
    'code=s3cr3t',
    'access_token=s3cr3t',
    '%63ode=s3cr3t',
    'CODE=s3cr3t',
    'x-sig=s3cr3t&a=b',
    'a=b&pass%77ord=s3cr3t',
  ])('does not show the secret of the query %s', (query) => {
    new EventLog('/').answered({ method: 'POST', url: `/eventhandler?${query}`, status: 204, elapsedMs: 1 });
    expect(lines.join()).toContain('***');
    expect(lines.join()).not.toContain('s3cr3t');
  });
});

describe('warnings that come too often', () => {
  it('are let through again when the clock is set back', () => {
    const written: string[] = [];
    let now = 86_400_000;
    const warnings = new RateLimitedWarnings(
      (text) => void written.push(text),
      () => now,
    );
    for (let count = 0; count < 10; count++) warnings.warn('topic', 'first day');
    now = 0;
    warnings.warn('topic', 'the day before');
    expect(written.at(-1)).toContain('the day before');
    expect(written).toHaveLength(6);
  });
});

describe('a body that a parser has had', () => {
  it('and that nests deeper than JSON can be written is lost, and nothing else', () => {
    const request = new IncomingMessage(new Socket());
    Object.assign(request.headers, { 'content-type': 'application/json', 'content-length': '200000' });
    request.push('consumed');
    request.read();
    const body: unknown = JSON.parse(nested(100_000));
    expect(takeHostBody(request, { body })).toEqual({ kind: 'lost' });
  });
});
