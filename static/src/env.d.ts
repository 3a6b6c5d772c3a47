/** Types for what only the bundler knows. */
/// <reference types="vite/client" />
declare module 'element-plus/es/locale/lang/zh-cn'
declare module 'element-plus/es/locale/lang/en'
