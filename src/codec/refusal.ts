import { messageOf } from '../base/errors.ts'
import type { PathStep } from './value-path.ts'

/**
 * Why a value cannot be encoded, on its way up to whoever asked: each container that it passes adds
 * the step to it. A refusal over a `limit` may have a cycle as its reason.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly kind: 'value' | 'limit'
  /** From the innermost container outwards. */
  readonly steps: PathStep[] = []

  constructor(reason: string, kind: 'value' | 'limit', options?: { cause?: unknown }) {
    super(reason, options)
    this.kind = kind
  }
}

/** What was thrown while encoding what stands at `step`, as a refusal that knows the step. */
export function refusalAt(thrown: unknown, step: PathStep | undefined): Refusal {
  const refusal =
    thrown instanceof Refusal
      ? thrown
      : new Refusal(`reading it failed: ${messageOf(thrown)}`, 'value', { cause: thrown })
  if (step !== undefined) refusal.steps.push(step)
  return refusal
}
