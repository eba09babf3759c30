const project = (name) => ({
  displayName: name,
  rootDir: '.',
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig: 'test/tsconfig.json', diagnostics: false }] },
});

export default {
  testTimeout: 20_000,
  projects: [
    { ...project('unit'), testMatch: ['<rootDir>/test/unit/**/*.spec.ts'] },
    { ...project('e2e'), testMatch: ['<rootDir>/test/e2e/**/*.e2e-spec.ts'] },
  ],
};
