import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2, // The machines that run CI have two cores.
    testTimeout: 20_000,
    retry: 0, // A test that fails now and then is a bug, in it or in what it tests.
    projects: [
      {
        extends: true,
        test: {
          name: 'units',
          include: ['src/**/*.test.ts'],
          // No module has state that a test changes, so each is loaded once and not a hundred times.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'whole', include: ['test/**/*.test.ts'] } },
    ],
  },
})
