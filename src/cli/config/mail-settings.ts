/** The rows of messages and the wall in the table of settings. */
import { defaultMailOptions } from '../../mail/options.ts'
import { listOf, wholeNumber } from './kinds.ts'
import { ruleKind } from './network-kinds.ts'
import { setting } from './setting.ts'
import type { Rule } from '../../base/policy.ts'

const dayMs = 86_400_000
const mebibyte = 2 ** 20
const who: readonly Rule[] = ['role:known', 'role:member', 'role:local']
const days = wholeNumber(1, 36_500)
const mebibytes = wholeNumber(1, 2 ** 20)

/** Keys that begin with `mail.` or `wall.`. */
export const mailSettings = {
  'mail.allow': setting(listOf(ruleKind), {
    fallback: who,
    doc: 'Who may write to the inbox of this node; `[]` is nobody',
  }),
  'mail.keepDays': setting(days, {
    fallback: defaultMailOptions.keepMs / dayMs,
    doc: 'Messages that came or were sent longer ago are removed',
  }),
  'mail.keepMb': setting(mebibytes, {
    fallback: defaultMailOptions.keepBytes / mebibyte,
    doc: 'With more of them in the inbox, in MiB, the oldest that were read are removed; then no more are taken',
  }),
  'mail.holdMb': setting(mebibytes, {
    fallback: defaultMailOptions.heldBytes / mebibyte,
    doc: 'At most so much is held for peers that are away, in MiB',
  }),
  'wall.allow': setting(listOf(ruleKind), {
    fallback: who,
    doc: 'Whose posts this node shows and passes on; `[]` is nobody',
  }),
  'wall.keepDays': setting(days, {
    fallback: defaultMailOptions.wallKeepMs / dayMs,
    doc: 'Posts that were written longer ago are removed',
  }),
}
