/** The receiving node of `main.mjs`, in a process of its own. */
import { Node, openFolder } from '../../dist/index.js'

// One author writes as much as the disk takes: the bounds of who may write how much are not measured.
const options = { authorBurst: 1e9, authorRate: 1e9, unreadPerAuthor: 1e9 }
const storage = await openFolder(process.argv[2])
const node = await Node.start({ label: 'bob', storage, listen: ['127.0.0.1:0'], mail: { options } })
process.send(node.address)
process.once('disconnect', () => process.exit())
