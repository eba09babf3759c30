import mqtt from 'mqtt';

const TEMPERATURE = '$webpubsub/server/events/temperature';

/** `url` is of `clientAccess('sensors', { userId, roles: ['webpubsub.joinLeaveGroup'], clientProtocol: 'mqtt' })`. */
export async function startSensor(url: string, hear: (topic: string, payload: string) => void) {
  const client = await mqtt.connectAsync(url, { protocolVersion: 5, clientId: 'sensor1' });
  client.on('message', (topic, payload) => hear(topic, payload.toString()));
  await client.subscribeAsync('alarms', { qos: 1 }); // joins the group "alarms"
  await client.subscribeAsync(`${TEMPERATURE}/succeeded`); // what the handler returns
  await client.publishAsync(TEMPERATURE, JSON.stringify({ celsius: -3 }), {
    qos: 1,
    properties: { contentType: 'application/json' }, // without it @EventData() is a Buffer
  });
  return client;
}
