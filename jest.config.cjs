/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test', '<rootDir>/libs/sentinel-node/test'],
  testMatch: ['**/*.test.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  globalSetup: '<rootDir>/test/_run-folder.cjs',
  globalTeardown: '<rootDir>/test/_run-folder-remove.cjs',
  // by default jest leaves a core to somebody who watches, which of two is half
  maxWorkers: '100%',
  testTimeout: 60_000,
};
