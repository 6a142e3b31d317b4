/** Runs one benchmark in this process and hands its rows to the one that started it. */
const { run } = await import(`./${process.argv[2]}.bench.mjs`)
const rows = await run()
if (process.send === undefined) console.log(JSON.stringify(rows, undefined, 1))
else await new Promise((resolve) => process.send(rows, resolve))
process.exit(0)
