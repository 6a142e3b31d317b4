/** The rows of topics and the chat in the table of settings. */
import { topicProblem } from '../../topic/topic-name.ts'
import { defaultTopicOptions } from '../../topic/options.ts'
import { defaultTopicRules } from '../../topic/service.ts'
import { listOf, textWhere, wholeNumber } from './kinds.ts'
import { ruleKind } from './network-kinds.ts'
import { setting } from './setting.ts'

const hourMs = 3_600_000
const mebibyte = 2 ** 20
const topicKind = textWhere(
  'a topic (1 to 64 letters, digits and "_", ".", "/", "-"; it begins with a letter, a digit or "_")',
  (text) => topicProblem(text) === undefined,
)

/** Keys that begin with `topics.`. */
export const topicSettings = {
  'topics.allow': setting(listOf(ruleKind), {
    fallback: defaultTopicRules,
    doc: 'Whose messages on topics and in the chat this node takes and passes on; `[]` is nobody',
  }),
  'topics.writers.*': setting(listOf(ruleKind), {
    nameKind: topicKind,
    doc: 'The same for one topic, or room of the chat, instead of `topics.allow`',
  }),
  'topics.keepHours': setting(wholeNumber(1, defaultTopicOptions.retentionMs / hourMs), {
    fallback: defaultTopicOptions.keepMs / hourMs,
    doc: 'Messages are kept for so long, as history and for peers that were away',
  }),
  'topics.keepMb': setting(wholeNumber(1, 4_096), {
    fallback: defaultTopicOptions.storeBytes / mebibyte,
    doc: 'At most so much of them is kept, in MiB of memory, 2048 messages a MiB; the largest topic gives way',
  }),
  'topics.authorPerSecond': setting(wholeNumber(1, 100_000), {
    fallback: defaultTopicOptions.takePerSecond,
    doc: 'Messages that are taken of one author a second for long, ten times as many at once; more come late',
  }),
}
