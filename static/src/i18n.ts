/** Two flat languages with typed keys: `t('hosts.title')`, `t('list.total', { n: 3 })`. */
import { computed, ref, watchEffect } from 'vue'
import addressesEn from './locales/addresses.en.json'
import addressesZh from './locales/addresses.zh.json'
import applicationsEn from './locales/applications.en.json'
import applicationsZh from './locales/applications.zh.json'
import bookEn from './locales/book.en.json'
import bookZh from './locales/book.zh.json'
import directoryEn from './locales/directory.en.json'
import directoryZh from './locales/directory.zh.json'
import baseEn from './locales/en.json'
import exchangeEn from './locales/exchange.en.json'
import exchangeZh from './locales/exchange.zh.json'
import subnetsEn from './locales/subnets.en.json'
import subnetsZh from './locales/subnets.zh.json'
import baseZh from './locales/zh.json'

export const en = {
  ...baseEn,
  ...bookEn,
  ...subnetsEn,
  ...addressesEn,
  ...applicationsEn,
  ...directoryEn,
  ...exchangeEn,
}
export const zh = {
  ...baseZh,
  ...bookZh,
  ...subnetsZh,
  ...addressesZh,
  ...applicationsZh,
  ...directoryZh,
  ...exchangeZh,
}

export type Language = 'zh' | 'en'
export type Key = keyof typeof zh

const languages: Record<Language, Record<Key, string>> = { zh, en }

function preferred(): Language {
  const kept = localStorage.getItem('appliance.language')
  if (kept === 'zh' || kept === 'en') return kept
  return navigator.language.startsWith('zh') ? 'zh' : 'en'
}

export const language = ref<Language>(preferred())
const words = computed(() => languages[language.value])

export function t(key: Key, values: Record<string, string | number> = {}): string {
  return words.value[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
}

export function speak(chosen: Language): void {
  language.value = chosen
  localStorage.setItem('appliance.language', chosen)
}

watchEffect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en'
})
