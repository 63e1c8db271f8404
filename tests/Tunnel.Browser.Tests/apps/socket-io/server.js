import express from 'express'
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const app = express()
app.use(express.static(new URL('public', import.meta.url).pathname))
const server = createServer(app)
const io = new Server(server)

io.on('connection', (socket) => {
  socket.on('say', (text, bytes, answer) => {
    socket.broadcast.emit('said', text, bytes)
    answer(`heard ${text} and ${bytes.length} bytes`)
  })
})

server.listen(0, '127.0.0.1', () => console.log(`Listening on http://127.0.0.1:${server.address().port}/`))
