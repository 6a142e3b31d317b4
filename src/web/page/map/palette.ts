/** The colours of the map, by day and by night: those of the SVG, and a few that only a screen needs. */
import { mapThemes } from '../../../map/svg-style.ts'
import type { MapTheme } from '../../../map/svg-style.ts'

/** What the painter takes its colours from. */
export interface Palette extends MapTheme {
  /** Of what is selected. */
  readonly accent: string
  /** Of the small dots behind everything. */
  readonly grid: string
}

/** By the name of the theme. */
export const palettes: Readonly<Record<'light' | 'dark', Palette>> = {
  light: { ...mapThemes.light, background: '#f7f8fb', accent: '#3730a3', grid: '#e3e6ee' },
  dark: { ...mapThemes.dark, background: '#0e1319', accent: '#a5b4fc', grid: '#1b222c' },
}
