/** One of the two peers: `peer.mjs near|far SYSTEM SETTINGS`. The cell that started it asks it over IPC. */
import { Answerer, Asker } from './traffic.mjs'

const [side, system, settings] = process.argv.slice(2)
const implementation = await import(`./${system}.mjs`)
const asker = new Asker((what) => process.send({ [what]: true }))
const answerer = new Answerer()

process.on('disconnect', () => process.exit(0))
process.on('message', ({ healedMs, stop, report }) => {
  if (healedMs !== undefined) asker.healed(healedMs)
  if (stop) asker.stop()
  if (report)
    process.send({ report: side === 'far' ? answerer.report() : asker.report(report.cutMs) })
})

const party = side === 'far' ? answerer : asker
const result = await implementation[side](JSON.parse(settings), party)
if (side === 'near') asker.start(result)
process.send({ ready: result === undefined || side === 'near' ? true : result })
