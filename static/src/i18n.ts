/** Two flat languages with typed keys: `t('hosts.title')`, `t('list.total', { n: 3 })`. */
import { computed, ref, watchEffect } from 'vue'
import en from './locales/en.json'
import zh from './locales/zh.json'

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
