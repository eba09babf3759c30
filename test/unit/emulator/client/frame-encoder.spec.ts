import { beforeEach, describe, expect, it } from '@jest/globals';
import { FrameEncoder } from '../../../../src/emulator/client/frame-encoder.js';
import { payloadOf } from '../../../../src/emulator/frames/outbound-frame.js';
import { jsonCodec } from '../../../../src/protocol/json.codec.js';
import type { DataMessage } from '../../../../src/protocol/service-message.js';
import type { ServiceMessageEncoder } from '../../../../src/protocol/subprotocol-codec.js';

let encoded: number;
let encoder: FrameEncoder;

beforeEach(() => {
  encoded = 0;
  const counting: ServiceMessageEncoder = {
    encode(message) {
      encoded++;
      return jsonCodec.encode(message);
    },
    encodeSequenced(message) {
      encoded++;
      return jsonCodec.encodeSequenced(message);
    },
  };
  encoder = new FrameEncoder(counting);
});

function text(value: string, expiresAt?: number): DataMessage {
  return { kind: 'serverData', data: { kind: 'text', text: value }, ...(expiresAt !== undefined && { expiresAt }) };
}

describe('FrameEncoder', () => {
  it('encodes a message once, however many receive it', () => {
    const message = text('x');
    const frames = [encoder.encode(message), encoder.encode(message)];
    expect(frames[0]).toBe(frames[1]);
    expect(encoded).toBe(1);
  });

  it('does not take one message for another that is equal', () => {
    expect(encoder.encode(text('x'))).not.toBe(encoder.encode(text('x')));
  });

  it('numbers a message for each receiver, and shares the frame where the number is the same', () => {
    const numbered = encoder.encodeNumbered(text('x'));
    expect(numbered?.with(7)).toBe(numbered?.with(7));
    expect(payloadOf(numbered!.with(8))).toBe(
      '{"type":"message","from":"server","dataType":"text","data":"x","sequenceId":8}',
    );
    expect(encoded).toBe(1);
  });

  it('still writes a message again when others have come since', () => {
    const numbered = encoder.encodeNumbered(text('x'));
    numbered?.with(1);
    encoder.encodeNumbered(text('y'));
    expect(payloadOf(numbered!.with(1))).toContain('"data":"x","sequenceId":1');
  });

  it('keeps with the frame when the message expires', () => {
    expect(encoder.encode(text('x', 5))?.expiresAt).toBe(5);
    expect(encoder.encodeNumbered(text('x', 6))?.with(1).expiresAt).toBe(6);
  });
});
