import { signal } from '@preact/signals'

/** What the page has in its bar. */
export interface Tab {
  readonly name: string
  readonly title: string
}

export const tabs: readonly Tab[] = [{ name: 'network', title: 'Network' }]

export const currentTab = signal('network')
