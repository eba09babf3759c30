import { expect, it, jest } from '@jest/globals';

it('HttpTransport says at once that it needs Node.js where undici is a stub, as under Bun', async () => {
  jest.unstable_mockModule('undici', () => ({ Agent: class {} }));
  const { HttpTransport } = await import('../../../../src/emulator/upstream/http.transport.js');
  expect(() => new HttpTransport()).toThrow('The emulator needs Node.js');
});
