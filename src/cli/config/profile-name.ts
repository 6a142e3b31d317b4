import { labelProblem } from '../../base/label.ts'

/** Why a text behind `-p` cannot name a profile, or `undefined`: it becomes the name of a folder. */
export function profileProblem(profile: string): string | undefined {
  const isFolderName = profile === '.' || profile === '..'
  const problem = isFolderName ? 'a label is not "." or ".."' : labelProblem(profile)
  if (problem === undefined) return undefined
  return `-p ${JSON.stringify(profile)}: ${problem.replace('a label', 'a profile name')}`
}
