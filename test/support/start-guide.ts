import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { WebPubSubModule, type WebPubSubModuleOptions } from '../../src/index.js';
import { startTestService, type TestService } from '../../src/testing/index.js';

/** A key that the emulator takes. */
export const GUIDE_KEY = 'key-for-tests-0123456789abcdef0123456789';
export const GUIDE_CONNECTION_STRING = `Endpoint=https://demo.webpubsub.azure.com;AccessKey=${GUIDE_KEY};Version=1.0;`;

export interface StartedGuide {
  readonly application: INestApplication;
  readonly service: TestService;
  close(): Promise<void>;
}

/** An application of a guide's classes, and a service for it. */
export async function startGuide(
  metadata: ModuleMetadata,
  options: Partial<WebPubSubModuleOptions> = {},
): Promise<StartedGuide> {
  const application = await createGuideApplication({
    ...metadata,
    imports: [
      WebPubSubModule.forRoot({ connectionString: GUIDE_CONNECTION_STRING, ...options }),
      ...(metadata.imports ?? []),
    ],
  });
  const service = await startTestService(application);
  const close = async (): Promise<void> => {
    await service.close();
    await application.close();
  };
  return { application, service, close };
}

export async function createGuideApplication(metadata: ModuleMetadata): Promise<INestApplication> {
  const moduleRef = await Test.createTestingModule(metadata).compile();
  return moduleRef.createNestApplication({ logger: false });
}
