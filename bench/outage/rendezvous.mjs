/** A private DHT of five nodes, for Hyperswarm: `rendezvous.mjs HOST`. */
import createTestnet from 'hyperdht/testnet.js'

const [host] = process.argv.slice(2)
const { bootstrap } = await createTestnet(5, { host })
process.on('disconnect', () => process.exit(0))
process.send({ ready: bootstrap })
