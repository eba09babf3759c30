export { UpstreamSimulator, type SimulatedValidation, type UpstreamSimulatorOptions } from './upstream-simulator.js';
export { SimulatedConnection, type SimulatedClient, type SimulatedEventOptions } from './simulated-connection.js';
export type { SimulatedReply } from './simulated-reply.js';

export { startTestService, TestService, type TestServiceOptions } from './test-service.js';
export { TestClient, type ReceivedMessage, type TestClientOptions } from './test-client.js';

export {
  createFakeServiceClient,
  provideFakeServiceClient,
  type FakeServiceClient,
  type ServiceClientCall,
  type ServiceOperation,
} from './fake-service-client.js';
