// What every host runs once: the emulator of the packed package, its inspector, and one event on its way to upstream and back.

const BODY = `
async function main() {
  if (typeof library.WebPubSubModule.forRoot !== 'function') throw new Error('the library has no module');
  if (typeof testing.UpstreamSimulator.for !== 'function') throw new Error('the test kit has no simulator');

  const upstream = http.createServer((request, response) => {
    if (request.method !== 'POST') response.setHeader('WebHook-Allowed-Origin', '*');
    const isEcho = request.headers['ce-eventname'] === 'echo';
    if (isEcho) response.setHeader('content-type', request.headers['content-type']);
    response.statusCode = isEcho ? 200 : 204;
    request.pipe(isEcho ? response : response.end());
  });
  await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const urlTemplate = 'http://127.0.0.1:' + upstream.address().port + '/eventhandler';
  const emulator = await WebPubSubEmulator.start({
    port: 0,
    hubs: { chat: { eventHandlers: [{ urlTemplate, userEventPattern: '*', systemEvents: [] }] } },
  });
  const page = await fetch(emulator.endpoint + '/inspector');
  if (page.status !== 200 || !(await page.text()).includes('<html')) throw new Error('the inspector has no page');

  const service = new WebPubSubServiceClient(emulator.connectionString, 'chat', { allowInsecureConnection: true });
  const { url } = await service.getClientAccessToken({ userId: 'ann' });
  const socket = new WebSocket(url, 'json.webpubsub.azure.v1');
  const answer = await new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString());
      if (message.event === 'connected') {
        socket.send(JSON.stringify({ type: 'event', event: 'echo', dataType: 'text', data: 'hello' }));
      }
      if (message.type === 'message') resolve(message);
    });
  });
  if (answer.from !== 'server' || answer.data !== 'hello') throw new Error('upstream answered ' + JSON.stringify(answer));
  socket.close();
  await emulator.close();
  upstream.closeAllConnections();
  upstream.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
`;

const MODULES = [
  ['http', 'node:http', 'all'],
  ['library', 'nestjs-web-pubsub', 'all'],
  ['{ WebPubSubEmulator }', 'nestjs-web-pubsub/emulator'],
  ['testing', 'nestjs-web-pubsub/testing', 'all'],
  ['{ WebPubSubServiceClient }', '@azure/web-pubsub'],
  ['{ WebSocket }', 'ws'],
];

/** Named so that Node takes it for the one or the other. */
export const smokeFileName = (isEsm) => (isEsm ? 'smoke.mjs' : 'smoke.cjs');

export const smokeFile = (isEsm) =>
  MODULES.map(([names, from, all]) =>
    isEsm ? `import ${all ? '* as ' : ''}${names} from '${from}';\n` : `const ${names} = require('${from}');\n`,
  ).join('') + BODY;
