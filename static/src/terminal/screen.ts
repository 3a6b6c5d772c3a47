/** An xterm that distrusts what it shows: no clipboard writes, no answers that echo input, links only after asking. */
import { FitAddon } from '@xterm/addon-fit'
import { SearchAddon } from '@xterm/addon-search'
import { Unicode11Addon } from '@xterm/addon-unicode11'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { type ITerminalOptions, Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { openLink } from './links'

const LONGEST_TITLE = 80
const CLIPBOARD = 52

const LOOK: ITerminalOptions = {
  allowProposedApi: true, // the search marks and the Unicode table need it
  convertEol: false,
  cursorBlink: false,
  fontFamily: "'JetBrains Mono', 'DejaVu Sans Mono', 'Noto Sans Mono CJK SC', 'Noto Sans CJK SC', monospace",
  fontSize: 13,
  lineHeight: 1.15,
  minimumContrastRatio: 4.5,
  scrollback: 10000,
  theme: {
    background: '#0b0e12',
    foreground: '#d7dde5',
    cursor: '#6ea8ff',
    selectionBackground: '#2f4f7f',
    black: '#2b333e',
    brightBlack: '#8a94a1',
    red: '#ff8a85',
    brightRed: '#ffa9a5',
    green: '#5fd17f',
    brightGreen: '#8ae3a2',
    yellow: '#f0b849',
    brightYellow: '#f7cf80',
    blue: '#6ea8ff',
    brightBlue: '#9cc4ff',
    magenta: '#d6a1f5',
    brightMagenta: '#e4c1f9',
    cyan: '#66d3d8',
    brightCyan: '#93e3e6',
    white: '#d7dde5',
    brightWhite: '#ffffff',
  },
}

export interface Screen {
  terminal: Terminal
  fit: FitAddon
  search: SearchAddon
}

export function makeScreen(options: ITerminalOptions = {}): Screen {
  const terminal = new Terminal({ ...LOOK, ...options, linkHandler: { activate: (_, link) => void openLink(link) } })
  const screen = { terminal, fit: new FitAddon(), search: new SearchAddon() }
  terminal.loadAddon(screen.fit)
  terminal.loadAddon(screen.search)
  terminal.loadAddon(new Unicode11Addon())
  terminal.loadAddon(new WebLinksAddon((_, link) => void openLink(link)))
  terminal.unicode.activeVersion = '11'
  harden(terminal)
  return screen
}

/** Takes over the sequences by which a hostile host reaches for the clipboard or has its own text typed back. */
function harden(terminal: Terminal): void {
  const swallow = () => true
  terminal.parser.registerOscHandler(CLIPBOARD, swallow)
  terminal.parser.registerDcsHandler({ intermediates: '$', final: 'q' }, swallow) // DECRQSS
  terminal.parser.registerDcsHandler({ intermediates: '+', final: 'q' }, swallow) // XTGETTCAP
  terminal.parser.registerCsiHandler({ final: 't' }, swallow) // window operations and title reports
}

/** A title is a host's word: short, and plain text wherever it is shown. */
export function plainTitle(title: string): string {
  const start = title.slice(0, LONGEST_TITLE * 4) // a title may be megabytes long
  return start.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '').slice(0, LONGEST_TITLE)
}
