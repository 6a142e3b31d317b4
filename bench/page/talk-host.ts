/**
 * A node that serves the page of a wall, an inbox and an outbox that are full.
 *
 *   talk-host COUNT FOLDER PAGE_FOLDER     says {link, startMs} when it serves
 *   {post: text}                           posts
 */
import path from 'node:path'
import { openDatabase } from '../../src/base/database.node.ts'
import { openFolder } from '../../src/base/folder-storage.node.ts'
import { createIdentity } from '../../src/base/identity.node.ts'
import { MemoryStorage } from '../../src/base/storage.ts'
import { mailSchema } from '../../src/mail/schema.ts'
import { Node } from '../../src/node/node.ts'
import { WebServer } from '../../src/web/server.node.ts'

const [count = '1000', folder = '', pageFolder = 'dist/web'] = process.argv.slice(2)
const databaseWorkerUrl = path.resolve('dist/bin/database-worker.cjs')
const storage = await openFolder(folder)
const database = await openDatabase(storage.pathOf(mailSchema.name), mailSchema, databaseWorkerUrl)
const authors = Array.from({ length: 200 }, () => createIdentity().peerId)
const words = 'the gateway moves on Friday and whoever has the key of the cellar says so here '
const text = words.repeat(8)
const nowMs = Date.now()
const rows = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
  SELECT json_extract(?2, '$[' || (i % 200) || ']'), 1, i / 200 + 1, ?3 - (?1 - i) * 20000`
const body = `i || ' ' || substr(?4, 1 + i % 40, 10 + i * 7919 % 400)`
const values = [Number(count), JSON.stringify(authors), nowMs, text]
await database.write([
  {
    sql: `INSERT INTO wall (author, epoch, counter, time_ms, received_ms, text, post)
      ${rows}, ?3 - (?1 - i) * 20000, ${body}, x'00' FROM n`,
    values,
  },
  {
    sql: `INSERT INTO inbox (author, epoch, counter, time_ms, received_ms, read_ms, type, size,
        wants_read, body)
      ${rows}, ?3 - (?1 - i) * 20000, CASE WHEN i % 3 = 0 THEN NULL ELSE ?3 END, 'text/plain', 200, 0,
        ${body} FROM n`,
    values,
  },
])
await database.close()
const startMs = performance.now()
const node = await Node.start({ label: 'bench', storage, databaseWorkerUrl })
const startedMs = performance.now() - startMs
const web = await WebServer.start(node, new MemoryStorage(), {
  ...{ host: '127.0.0.1', port: 0, pageFolder, origins: [], metrics: 'token' },
})
process.on('message', ({ post }: { readonly post: string }) => void node.wall.post(post))
process.on('disconnect', () => process.exit(0))
process.send?.({ link: web.link, startMs: startedMs })
