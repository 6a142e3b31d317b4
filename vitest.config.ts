import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2, // The machines that run CI have two cores.
    testTimeout: 20_000,
    retry: 0, // A test that fails now and then is a bug, in it or in what it tests.
  },
})
