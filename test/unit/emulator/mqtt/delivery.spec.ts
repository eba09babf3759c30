import { describe, expect, it } from '@jest/globals';
import { frameMessage } from '../../../../src/emulator/frames/outbound-frame.js';
import { DEFAULT_SUBSCRIPTION, Deliveries } from '../../../../src/emulator/mqtt/delivery.js';
import type { DataMessage } from '../../../../src/protocol/service-message.js';

const message = { kind: 'serverData', data: { kind: 'text', text: 'hi' } } as unknown as DataMessage;

describe('what MQTT sessions receive for one message', () => {
  it('is the same for those that subscribed alike, with the frames of the first of them, for a turn', async () => {
    const deliveries = new Deliveries();
    const first = deliveries.of(message, DEFAULT_SUBSCRIPTION, 'a');
    expect(deliveries.of(message, DEFAULT_SUBSCRIPTION, 'b')).toBe(first);
    const frame = frameMessage([Buffer.from('hi')], true);
    first?.frames?.set(1, frame);
    expect(first?.frames?.get(1)).toBe(frame);
    await new Promise(setImmediate);
    expect(first?.frames?.get(1)).toBeUndefined();
    // A client that takes no more for now gets it later.
    first?.frames?.set(1, frame);
    expect(first?.frames?.get(1)).toBeUndefined();
  });

  it('is made anew for the next message', () => {
    const deliveries = new Deliveries();
    const first = deliveries.of(message, DEFAULT_SUBSCRIPTION, 'a');
    expect(deliveries.of({ ...message }, DEFAULT_SUBSCRIPTION, 'a')).not.toBe(first);
    expect(first?.frames?.get(1)).toBeUndefined();
  });
});
