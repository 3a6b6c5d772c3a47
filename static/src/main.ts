/** Starts the UI. */
import './csp'
import { createApp } from 'vue'
import App from './App.vue'
import { useElements } from './elements'
import 'element-plus/theme-chalk/dark/css-vars.css'
import './styles/tokens.css'
import './styles/base.css'

const app = createApp(App)
useElements(app)
app.mount('#app')
