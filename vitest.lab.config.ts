import { defineConfig } from 'vitest/config'

/** The laboratory: `npm run lab`, or a part of it: `npm run lab -- -t "5 s"`. */
export default defineConfig({
  test: {
    include: ['test/lab/**/*.lab.ts'],
    pool: 'forks',
    maxConcurrency: 8, // Outages mostly wait; more would measure the machine's two cores.
    testTimeout: 180_000, // The program of a minute, and an outage of 90 s in its midst.
    hookTimeout: 60_000,
    retry: 0,
  },
})
