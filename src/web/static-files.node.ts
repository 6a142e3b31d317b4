/**
 * The files of the built page, read once at the start and served from memory.
 *
 * **Invariant**: what is served is one of the files that were found then. No part of a request ever
 * becomes a path of the file system.
 */
import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { SkeinError } from '../base/errors.ts'
import { codeOf } from '../base/folder-storage.node.ts'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'

/** One file, in each form that it can be sent in. */
interface Page {
  readonly type: string
  readonly isHashed: boolean
  readonly forms: ReadonlyMap<Encoding, { readonly body: Buffer; readonly etag: string }>
}

/** What is sent for a request. */
export interface FileAnswer {
  readonly status: 200 | 304
  readonly headers: OutgoingHttpHeaders
  readonly body: Buffer
}

type Encoding = 'br' | 'gzip' | 'identity'

const suffixes: Readonly<Record<string, Encoding>> = { '.br': 'br', '.gz': 'gzip' }
const maxTotalBytes = 32 * 2 ** 20 // Guess: a page of less than 1 MB with maps and all its forms.
const yearSeconds = 31_536_000
const nothing = Buffer.alloc(0)

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
}

/** The files of a folder, by the path in a URL. */
export class StaticFiles {
  readonly #pages: ReadonlyMap<string, Page>

  private constructor(pages: ReadonlyMap<string, Page>) {
    this.#pages = pages
  }

  /**
   * Reads a folder and those in it; `index.html` becomes `/`. `NAME.br` and `NAME.gz` are other forms
   * of `NAME`. Links, and files of a kind that no page is made of, are left out.
   *
   * @returns `undefined` where there is no such folder.
   * @throws {SkeinError} `STORAGE_FAILED` it cannot be read, or holds more than 32 MiB.
   */
  static async read(folder: string): Promise<StaticFiles | undefined> {
    try {
      const bodies = await readAll(folder)
      return bodies === undefined ? undefined : new StaticFiles(collect(bodies))
    } catch (thrown) {
      if (thrown instanceof SkeinError) throw thrown
      const text = `cannot read the page in ${folder}`
      throw new SkeinError('STORAGE_FAILED', text, { cause: thrown })
    }
  }

  /** How many there are. */
  get count(): number {
    return this.#pages.size
  }

  /** What to send for a path; `undefined` where there is no such file. */
  answer(urlPath: string, headers: IncomingHttpHeaders): FileAnswer | undefined {
    const page = this.#pages.get(urlPath)
    if (page === undefined) return undefined
    const accepted = acceptedEncodings(headers['accept-encoding'])
    const order: readonly Encoding[] = ['br', 'gzip', 'identity']
    const encoding = order.find((each) => accepted.has(each) && page.forms.has(each)) ?? 'identity'
    const form = page.forms.get(encoding)
    if (form === undefined) return undefined
    const shared = {
      'Content-Type': page.type,
      // A name with a hash never means anything else; all others are asked for again.
      'Cache-Control': page.isHashed ? `public, max-age=${yearSeconds}, immutable` : 'no-cache',
      ETag: form.etag,
      Vary: 'Accept-Encoding',
    }
    if (matches(headers['if-none-match'], form.etag)) {
      return { status: 304, headers: shared, body: nothing }
    }
    const encoded = encoding === 'identity' ? {} : { 'Content-Encoding': encoding }
    const length = { 'Content-Length': form.body.length }
    return { status: 200, headers: { ...shared, ...encoded, ...length }, body: form.body }
  }
}

/** Content by the path below the folder, with slashes; `undefined` where there is no folder. */
async function readAll(folder: string): Promise<ReadonlyMap<string, Buffer> | undefined> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(
    (thrown: unknown) => {
      if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR') return undefined
      throw thrown
    },
  )
  if (entries === undefined) return undefined
  const bodies = new Map<string, Buffer>()
  let totalBytes = 0
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    const body = await readFile(file)
    totalBytes += body.length
    if (totalBytes > maxTotalBytes) {
      const text = `${folder} holds more than ${maxTotalBytes / 2 ** 20} MiB; that is no page`
      throw new SkeinError('STORAGE_FAILED', text)
    }
    bodies.set(path.relative(folder, file).split(path.sep).join('/'), body)
  }
  return bodies
}

function collect(bodies: ReadonlyMap<string, Buffer>): ReadonlyMap<string, Page> {
  const pages = new Map<string, Page>()
  for (const [name, body] of bodies) {
    const type = types[path.extname(name)]
    if (type === undefined) continue
    const forms = new Map([['identity' as Encoding, { body, etag: etagOf(body) }]])
    for (const [suffix, encoding] of Object.entries(suffixes)) {
      const other = bodies.get(`${name}${suffix}`)
      if (other !== undefined) forms.set(encoding, { body: other, etag: etagOf(other) })
    }
    const urlPath = `/${name.split('/').map(encodeURIComponent).join('/')}`
    const page = { type, forms, isHashed: isHashed(name) }
    pages.set(urlPath === '/index.html' ? '/' : urlPath, page)
  }
  return pages
}

/** Bundlers put a hash of at least eight characters before the ending: `assets/index-BkT2x_9a.js`. */
function isHashed(name: string): boolean {
  return name.startsWith('assets/') && /[-.][\w-]{8,}\.\w+$/.test(name)
}

function etagOf(body: Buffer): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
}

/** RFC 9110 §12.5.3; one with `q=0` is not accepted. */
function acceptedEncodings(header: string | string[] | undefined): ReadonlySet<string> {
  const items = String(header ?? '').toLowerCase().split(',')
  const accepted = items.filter((item) => !/;\s*q=0(\.0*)?\s*$/.test(item))
  return new Set(['identity', ...accepted.map((item) => item.split(';')[0]?.trim() ?? '')])
}

/** RFC 9110 §13.1.2: the comparison is weak. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || header.trim() === '*'
}
