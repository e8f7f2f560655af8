module latchkey/clients/go

go 1.24.0

require (
	github.com/coder/websocket v1.8.15
	github.com/schollz/pake/v3 v3.1.1
)

require (
	filippo.io/edwards25519 v1.2.0 // indirect
	github.com/tscholl2/siec v0.0.0-20240310163802-c2c6f6198406 // indirect
)
