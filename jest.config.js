const project = (name) => ({
  displayName: name,
  rootDir: '.',
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // What the guides import by the names of its users.
    '^nestjs-web-pubsub$': '<rootDir>/src/index.ts',
    '^nestjs-web-pubsub/(emulator|testing)$': '<rootDir>/src/$1/index.ts',
  },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig: 'test/tsconfig.json', diagnostics: false }] },
});

export default {
  testTimeout: 20_000,
  projects: [
    { ...project('unit'), testMatch: ['<rootDir>/test/unit/**/*.spec.ts'] },
    { ...project('e2e'), testMatch: ['<rootDir>/test/e2e/**/*.e2e-spec.ts'] },
  ],
};
