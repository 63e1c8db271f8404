import './style.css'
import mark from '/mark.svg'
import { setupCounter } from './counter.js'
import { message } from './message.js'

document.querySelector('#app').innerHTML = `
  <div>
    <img src="${mark}" class="logo" alt="Mark" />
    <h1>Hello Vite!</h1>
    <p id="message"></p>
    <button id="counter" type="button"></button>
  </div>
`

const show = (text) => (document.querySelector('#message').textContent = text)
show(message)
setupCounter(document.querySelector('#counter'))

if (import.meta.hot) {
  import.meta.hot.accept('./message.js', (changed) => show(changed.message))
}
