import { describe, expect, test } from 'vitest'
import { isLoopback, isOrigin, judge } from './guard.ts'
import type { Asked } from './guard.ts'

const places = { port: 14_580, origins: ['https://skein.example.org', 'http://localhost:8000'] }
const visit: Asked = {
  method: 'GET',
  host: '127.0.0.1:14580',
  origin: undefined,
  site: 'none',
  mode: 'navigate',
  localAddress: '127.0.0.1',
  isUpgrade: false,
}
const socket: Asked = { ...visit, isUpgrade: true, site: undefined, mode: undefined }

describe('[W2] the Host of a request', () => {
  test.each([
    ['127.0.0.1:14580', true],
    ['localhost:14580', true],
    ['LOCALHOST:14580', true],
    ['[::1]:14580', true],
    ['skein.example.org', true],
    ['skein.example.org:443', true],
    ['localhost:8000', true],
    ['127.0.0.1:14581', false],
    ['127.0.0.1', false],
    ['attacker.example:14580', false],
    ['localhost.attacker.example:14580', false],
    ['attacker.example', false],
    ['skein.example.org:14580', false],
    ['skein.example.org.attacker.example', false],
    ['192.168.1.7:14580', false],
    ['127.0.0.1:14580@attacker.example', false],
    ['127.0.0.1:14580, attacker.example', false],
    ['', false],
    [undefined, false],
  ])('%s: %s', (host, isFine) => {
    const rejection = judge({ ...visit, host }, places)
    expect(rejection?.rule).toBe(isFine ? undefined : 'W2')
    if (!isFine) expect(rejection?.status).toBe(421)
  })

  test.each([
    ['192.168.1.7', '192.168.1.7:14580', true],
    ['::ffff:192.168.1.7', '192.168.1.7:14580', true],
    ['fe80::1', '[fe80::1]:14580', true],
    ['192.168.1.7', '192.168.1.8:14580', false],
  ])('came to %s as %s: %s', (localAddress, host, isFine) => {
    expect(judge({ ...visit, localAddress, host }, places) === undefined).toBe(isFine)
  })
})

describe('[W3] the Origin of a WebSocket, and of what changes something', () => {
  test.each([
    ['http://127.0.0.1:14580', true],
    ['http://localhost:14580', true],
    ['http://[::1]:14580', true],
    ['https://skein.example.org', true],
    ['http://localhost:8000', true],
    [undefined, true],
    ['https://127.0.0.1:14580', false],
    ['http://skein.example.org', false],
    ['http://attacker.example', false],
    ['http://127.0.0.1:14580.attacker.example', false],
    ['http://127.0.0.1:14580@attacker.example', false],
    ['http://127.0.0.1', false],
    ['http://127.0.0.1:3000', false],
    ['null', false],
    ['', false],
  ])('%s: %s', (origin, isFine) => {
    expect(judge({ ...socket, origin }, places)?.rule).toBe(isFine ? undefined : 'W3')
    const post = { ...visit, method: 'POST', origin }
    expect(judge(post, places)?.rule).toBe(isFine ? undefined : 'W3')
  })
})

describe('[W4] a request from another site', () => {
  test.each([
    ['cross-site', 'no-cors', 'GET', false],
    ['cross-site', 'cors', 'GET', false],
    ['cross-site', 'navigate', 'GET', true],
    ['same-origin', 'cors', 'GET', true],
    ['none', 'navigate', 'GET', true],
    [undefined, undefined, 'GET', true],
  ])('%s %s %s: %s', (site, mode, method, isFine) => {
    expect(judge({ ...visit, site, mode, method }, places)?.rule).toBe(isFine ? undefined : 'W4')
  })
})

test.each([
  ['https://skein.example.org', true],
  ['http://127.0.0.1:8000', true],
  ['https://skein.example.org/', false],
  ['https://skein.example.org:443', false],
  ['https://Skein.example.org', false],
  ['skein.example.org', false],
  ['ftp://skein.example.org', false],
  ['*', false],
  ['null', false],
])('[W2] %s is an origin: %s', (text, isFine) => {
  expect(isOrigin(text)).toBe(isFine)
})

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
])('[W1] %s is this machine alone: %s', (host, isSo) => {
  expect(isLoopback(host)).toBe(isSo)
})
