const topicForm = /^\$?[A-Za-z0-9_][A-Za-z0-9_./-]{0,71}$/ // Ours, which begin with $, may be longer.
const maxNameLength = 64

/** Whether a text can stand for a topic in a message: that of a program, or one of ours. */
export function isTopicForm(name: string): boolean {
  return topicForm.test(name)
}

/** Why a text is no name of a topic, or `undefined` where it is one. */
export function topicProblem(name: string): string | undefined {
  if (topicForm.test(name) && !name.startsWith('$') && name.length <= maxNameLength)
    return undefined
  return 'a topic has 1 to 64 letters, digits and _ . / -, and begins with a letter, a digit or _'
}
