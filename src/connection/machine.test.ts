import { expect, test } from 'vitest'
import { judgeHello, judgeWelcome } from './machine.ts'
import type { Standing, Verdict } from './machine.ts'
import type { Hello, Welcome } from './messages.ts'

const met: Standing = { incarnation: 10, peerIncarnation: 20, epoch: 3, highestEpoch: 3 }
const lost: Standing = { ...met, epoch: 0 }
const stranger: Standing = { incarnation: 10, peerIncarnation: 0, epoch: 0, highestEpoch: 0 }

const said = { received: 0, windowBytes: 1, label: 'x', addresses: [], incarnation: 20 }
const hello = (fields: Partial<Hello>): Hello => ({
  ...said,
  versions: [1],
  peerIncarnation: 10,
  epoch: 3,
  highestEpoch: 3,
  ...fields,
})
const welcome = (fields: Partial<Welcome>): Welcome => ({
  ...said,
  version: 1,
  epoch: 3,
  ...fields,
})

const show = (verdict: Verdict): string =>
  verdict.type === 'start'
    ? `start ${verdict.epoch} ${verdict.ending ?? ''}`.trim()
    : verdict.type === 'join'
      ? `join${verdict.isCounted ? ' counted' : ''}`
      : verdict.type

test.each<[string, Standing, Partial<Hello>, string]>([
  ['[C15] the first path starts epoch 1', stranger, { epoch: 0, highestEpoch: 0 }, 'start 1'],
  ['[C15] the epoch that lives is joined', met, {}, 'join counted'],
  ['[C15] crossing dials join', met, { epoch: 0, highestEpoch: 0 }, 'join'],
  ['[C15] a second dial that names what is over here', met, { epoch: 2, highestEpoch: 2 }, 'join'],
  ['[C15] what the dialler lost is over', met, { epoch: 0 }, 'start 4 CONNECTION_EXPIRED'],
  ['[C15] what the accepter lost is over', lost, {}, 'start 4'],
  ['[C15] the dialler may know a higher epoch', lost, { epoch: 0, highestEpoch: 7 }, 'start 8'],
  [
    '[C15] what our own dial began there is taken up',
    lost,
    { epoch: 4, highestEpoch: 4 },
    'start 4',
  ],
  [
    '[C15] also by a peer that restarted',
    met,
    { incarnation: 21, epoch: 1, highestEpoch: 1 },
    'start 1 PEER_RESTARTED',
  ],
  [
    '[C15] not what it began with our last incarnation',
    lost,
    { peerIncarnation: 9, epoch: 7, highestEpoch: 7 },
    'start 4',
  ],
  [
    '[C15] a restarted dialler',
    met,
    { incarnation: 21, peerIncarnation: 0, epoch: 0, highestEpoch: 0 },
    'start 1 PEER_RESTARTED',
  ],
  [
    '[C15] a restarted dialler that knows more than the first epoch',
    lost,
    { incarnation: 21, epoch: 0, highestEpoch: 5 },
    'start 6',
  ],
  ['[C15] an older process is superseded', met, { incarnation: 19 }, 'superseded'],
  ['[C15] also when nothing lives', lost, { incarnation: 19 }, 'superseded'],
  [
    '[C15] a HELLO that speaks of our last incarnation says nothing of this one',
    met,
    { peerIncarnation: 9 },
    'join',
  ],
  [
    '[C15] also when that had come farther',
    met,
    { peerIncarnation: 9, epoch: 7, highestEpoch: 7 },
    'join',
  ],
  [
    '[C15] an epoch from the future',
    met,
    { epoch: 9, highestEpoch: 9 },
    'start 9 CONNECTION_EXPIRED',
  ],
])('%s', (_sentence, here, fields, expected) => {
  expect(show(judgeHello(here, hello(fields)))).toBe(expected)
})

test.each<[string, Standing, Partial<Welcome>, string]>([
  ['[C15] the first WELCOME starts its epoch', stranger, { epoch: 1 }, 'start 1'],
  ['[C15] the epoch that lives is joined', met, {}, 'join counted'],
  ['[C15] a later epoch replaces ours', met, { epoch: 4 }, 'start 4 CONNECTION_EXPIRED'],
  ['[C15] an epoch that is over here is useless', lost, {}, 'stale'],
  ['[C15] an older epoch is useless', met, { epoch: 2 }, 'stale'],
  ['[C15] a restarted accepter', met, { incarnation: 21, epoch: 1 }, 'start 1 PEER_RESTARTED'],
  ['[C15] a restarted accepter, nothing in flight', lost, { incarnation: 21, epoch: 1 }, 'start 1'],
  ['[C15] an older process is useless', met, { incarnation: 19 }, 'stale'],
])('%s', (_sentence, here, fields, expected) => {
  expect(show(judgeWelcome(here, welcome(fields)))).toBe(expected)
})
