import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from './load.node.ts'

const checkout = path.resolve(import.meta.dirname, '../../..')

describe('what is shipped', () => {
  test.each([
    ['alice', 8_090, []],
    ['bob', 8_095, [8_090, 8_085]],
    ['carol', 8_085, [8_105]],
    ['dave', 8_100, [8_090]],
    ['erin', 8_105, [8_100]],
  ])('the profile %s', async (profile, port, peers) => {
    const config = await loadConfig({ cwd: checkout, env: {}, profile })
    expect(config.network.listen).toEqual({ host: '::1', port, enabled: true })
    expect(config.network.peers).toEqual(peers.map((peer) => ({ host: '::1', port: peer })))
    expect(config.commands.aliases.get('add')?.run).toBe('calc 1+2')
    expect(config.commands.aliases.get('hello')?.run).toBe(`echo Hello from ${profile}`)
  })

  test.each([
    ['peer1', 14_595, []],
    ['peer2', 14_596, [{ host: '127.0.0.1', port: 14_595 }]],
  ])('the example %s', async (label, port, peers) => {
    const config = await loadConfig({ cwd: checkout, env: {}, jsonFile: `examples/${label}.json` })
    expect(config.network).toMatchObject({ label, listen: { port, host: '::' }, peers })
    expect(config.commands.aliases.get('add')?.run).toBe('calc 1+2')
    expect(config.commands.aliases.get('hello')?.run).toBe(`echo Hello from ${label}`)
  })

  test('the example of a target file', async () => {
    const settings = ['network.target.path=examples/targets.json']
    expect((await loadConfig({ cwd: checkout, env: {}, settings })).network.peers).toHaveLength(3)
  })
})
