package latchkey

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Envelope is how frames travel.
type Envelope string

// The two envelopes; Binary saves a quarter of the bytes.
const (
	JSON   Envelope = "json"
	Binary Envelope = "binary"
)

// How often a silent device is asked whether it is there, and how long it may take to answer.
var (
	pingPeriod  = 15 * time.Second
	pongTimeout = 10 * time.Second
)

const (
	maxMessageBytes  = 8 << 20
	maxNotifications = 1024
	// The close code of a session that a newer one of the same client has replaced.
	closeReplaced websocket.StatusCode = 4000
)

// Notification is what the device tells without being asked.
type Notification struct {
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

// Session is an open session, under keys of its own. Open one anew, with a fresh salt, where it ends.
type Session struct {
	socket        *websocket.Conn
	envelope      Envelope
	token         string
	salt          []byte
	incoming      *frameCipher
	notifications chan Notification
	pongs         chan struct{}
	done          chan struct{}

	sending  sync.Mutex // Counter, encryption and sending are one step.
	outgoing *frameCipher
	isFirst  bool

	state  sync.Mutex
	calls  map[int64]chan answer
	nextID int64
	err    error
}

type answer struct {
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int             `json:"code"`
		Message string          `json:"message"`
		Data    json.RawMessage `json:"data"`
	} `json:"error"`
}

// Open opens a session; the device's answer to a ping proves it to both sides.
func Open(ctx context.Context, credentials *Credentials, envelope Envelope) (*Session, error) {
	salt := make([]byte, saltBytes)
	if _, err := rand.Read(salt); err != nil {
		return nil, err
	}
	secret := credentials.Secrets
	outgoing, incoming, err := deriveSession(secret.PairingKey, salt, secret.AuthToken)
	if err != nil {
		return nil, err
	}
	url, err := baseURL(credentials.URL)
	if err != nil {
		return nil, err
	}
	address := "ws" + strings.TrimPrefix(url, "http") + "/api/v0.1"
	socket, response, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPClient: direct})
	if err != nil {
		kind := Unreachable
		if response != nil && response.StatusCode == http.StatusTooManyRequests {
			kind = RateLimited
		}
		return nil, &Error{Kind: kind, Message: "the device cannot be reached", cause: err}
	}
	socket.SetReadLimit(maxMessageBytes)
	s := &Session{
		socket: socket, envelope: envelope, token: secret.AuthToken, salt: salt,
		outgoing: outgoing, incoming: incoming, isFirst: true,
		notifications: make(chan Notification, maxNotifications),
		pongs:         make(chan struct{}, 1), done: make(chan struct{}),
		calls: map[int64]chan answer{},
	}
	go s.read()
	if err := s.ping(ctx); err != nil {
		s.Close()
		return nil, err
	}
	go s.pingPeriodically()
	return s, nil
}

// Call calls a method. The result may be nil where it does not matter. An *Error is of kind RPCError
// where the device refuses, and ConnectionClosed where the session ended before the answer came: the
// device may have carried the call out.
func (s *Session) Call(ctx context.Context, method string, params, result any) error {
	waiting := make(chan answer, 1)
	s.state.Lock()
	s.nextID++
	id := s.nextID
	s.calls[id] = waiting
	s.state.Unlock()
	defer func() {
		s.state.Lock()
		delete(s.calls, id)
		s.state.Unlock()
	}()
	request := map[string]any{"jsonrpc": "2.0", "id": id, "method": method}
	if params != nil {
		request["params"] = params
	}
	text, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if err := s.send(text); err != nil {
		return err
	}
	select {
	case got := <-waiting:
		return got.into(result)
	case <-s.done:
		select {
		case got := <-waiting: // What came before the end still counts.
			return got.into(result)
		default:
			return s.Err()
		}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Notifications is closed when the session ends; Err then tells why. What does not fit, because
// nobody reads, is left out.
func (s *Session) Notifications() <-chan Notification { return s.notifications }

// Err is what ended the session; nil while it is open.
func (s *Session) Err() error {
	s.state.Lock()
	defer s.state.Unlock()
	return s.err
}

// Close ends the session.
func (s *Session) Close() {
	s.end(failure(ConnectionClosed, "the session was closed"))
}

func (s *Session) end(err error) {
	s.state.Lock()
	isFirst := s.err == nil
	if isFirst {
		s.err = err
	}
	s.state.Unlock()
	if isFirst {
		close(s.done)
		s.socket.CloseNow()
	}
}

func (s *Session) ping(ctx context.Context) error {
	if err := s.send([]byte("ping")); err != nil {
		return err
	}
	select {
	case <-s.pongs:
		return nil
	case <-s.done:
		return s.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Session) pingPeriodically() {
	ticker := time.NewTicker(pingPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-ticker.C:
			ctx, cancel := context.WithTimeout(context.Background(), pongTimeout)
			if s.ping(ctx) != nil {
				s.end(failure(ConnectionClosed, "the device does not answer"))
			}
			cancel()
		}
	}
}

func (s *Session) send(text []byte) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	if err := s.Err(); err != nil {
		return err
	}
	message, kind, err := s.seal(text)
	if err == nil {
		// A frame that is not sent whole would part the counters: the library closes the socket then.
		err = s.socket.Write(context.Background(), kind, message)
	}
	if err != nil {
		// What the device sent before it closed tells more: reading goes on to it.
		select {
		case <-s.done:
		case <-time.After(pongTimeout):
			s.end(&Error{Kind: ConnectionClosed, Message: "the session is over", cause: err})
		}
		return s.Err()
	}
	return nil
}

func (s *Session) seal(text []byte) ([]byte, websocket.MessageType, error) {
	ciphertext, err := s.outgoing.seal(text)
	if err != nil {
		return nil, 0, err
	}
	isFirst := s.isFirst
	s.isFirst = false
	if s.envelope == Binary {
		if !isFirst {
			return ciphertext, websocket.MessageBinary, nil
		}
		head := append([]byte{1}, s.salt...)
		head = append(append(head, byte(len(s.token))), s.token...)
		return append(head, ciphertext...), websocket.MessageBinary, nil
	}
	frame := map[string]any{"e": ciphertext}
	if isFirst {
		frame["v"], frame["t"], frame["s"] = 1, s.token, s.salt
	}
	message, err := json.Marshal(frame)
	return message, websocket.MessageText, err
}

func (s *Session) read() {
	defer close(s.notifications)
	isProven := false
	for {
		kind, message, err := s.socket.Read(context.Background())
		if err != nil {
			s.end(closedByDevice(isProven, err))
			return
		}
		if !isProven {
			// Once the session is proven, plaintext is nobody's word but an attacker's.
			if err := plaintextError(kind, message); err != nil {
				s.end(err)
				return
			}
		}
		text, err := s.open(kind, message)
		if err != nil {
			s.end(err)
			return
		}
		isProven = true
		s.receive(text)
	}
}

func (s *Session) open(kind websocket.MessageType, message []byte) ([]byte, error) {
	ciphertext := message
	isOther := (kind == websocket.MessageBinary) != (s.envelope == Binary)
	if s.envelope == JSON && !isOther {
		var frame struct {
			E []byte `json:"e"`
		}
		isOther = json.Unmarshal(message, &frame) != nil
		ciphertext = frame.E
	}
	if !isOther {
		if text, err := s.incoming.open(ciphertext); err == nil {
			return text, nil
		}
	}
	return nil, failure(DeviceNotAuthentic, "a message is not from the device that was paired")
}

func (s *Session) receive(text []byte) {
	if string(text) == "pong" {
		select {
		case s.pongs <- struct{}{}:
		default:
		}
		return
	}
	var message struct {
		ID *int64 `json:"id"`
		Notification
		answer
	}
	if json.Unmarshal(text, &message) != nil {
		return
	}
	if message.Method != "" {
		select {
		case s.notifications <- message.Notification:
		default:
		}
		return
	}
	if message.ID == nil {
		return
	}
	s.state.Lock()
	waiting := s.calls[*message.ID]
	s.state.Unlock()
	if waiting != nil {
		select {
		case waiting <- message.answer:
		default:
		}
	}
}

func (a answer) into(result any) error {
	if a.Error != nil {
		return &Error{Kind: RPCError, Message: a.Error.Message, Code: a.Error.Code, Data: a.Error.Data}
	}
	if result == nil || len(a.Result) == 0 {
		return nil
	}
	if json.Unmarshal(a.Result, result) != nil {
		return badAnswer()
	}
	return nil
}

func plaintextError(kind websocket.MessageType, message []byte) error {
	var said struct {
		Error struct {
			Code int `json:"code"`
		} `json:"error"`
	}
	if kind != websocket.MessageText || json.Unmarshal(message, &said) != nil {
		return nil
	}
	switch said.Error.Code {
	case -32001:
		return failure(UnsupportedVersion, "the device speaks another version")
	case -32002:
		return failure(ClientRemoved, "the device says that it has removed this client: pair again")
	}
	return nil
}

func closedByDevice(isProven bool, cause error) *Error {
	code := websocket.CloseStatus(cause)
	switch {
	case !isProven:
		return &Error{Kind: ConnectionClosed, Message: "the device refused the session", cause: cause}
	case code == closeReplaced:
		return &Error{Kind: Replaced, Message: "a newer connection has taken the place", cause: cause}
	}
	return &Error{Kind: ConnectionClosed, Message: fmt.Sprintf("the session is over (code %d)", code), cause: cause}
}
