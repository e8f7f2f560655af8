package latchkey

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestRefusalsHaveTheirKinds(t *testing.T) {
	kinds := []struct {
		status int
		text   string
		kind   Kind
	}{
		{400, "no pairing in progress", NoPairing},
		{400, "invalid PAKE message", Refused},
		{400, "other words", NoPairing},
		{403, "maximum paired clients reached", NoPlace},
		{403, "too many failed attempts", TooManyAttempts},
		{410, "other words", PairingExpired},
		{500, "internal error", Refused},
		{429, "rate limited", RateLimited},
		{200, "no fields", BadAnswer},
	}
	before := retryDelay
	retryDelay = 0
	defer func() { retryDelay = before }()
	for _, given := range kinds {
		tries := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			tries++
			w.WriteHeader(given.status)
			fmt.Fprintf(w, `{"error":%q}`, given.text)
		}))
		_, err := Pair(context.Background(), server.URL, "123456", "x")
		server.Close()
		if kindOf(err) != given.kind {
			t.Errorf("%d %s: %v", given.status, given.text, err)
		}
		if expected := map[bool]int{true: maxTries, false: 1}[given.status == 429]; tries != expected {
			t.Errorf("%d %s: %d tries", given.status, given.text, tries)
		}
	}
}

// A device that answers the first ping and then does as it is told.
func fakeDevice(t *testing.T, then func(socket *websocket.Conn, incoming, outgoing *frameCipher)) *Credentials {
	t.Helper()
	credentials := &Credentials{Secrets: Secret{"c", "n", "token", make([]byte, keyBytes)}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		socket, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer socket.CloseNow()
		_, first, err := socket.Read(context.Background())
		var frame struct{ E, S []byte }
		if err != nil || json.Unmarshal(first, &frame) != nil {
			return
		}
		incoming, outgoing, err := deriveSession(credentials.Secrets.PairingKey, frame.S, "token")
		if err != nil {
			return
		}
		if text, err := incoming.open(frame.E); err != nil || string(text) != "ping" {
			return
		}
		tell(socket, outgoing, "pong")
		then(socket, incoming, outgoing)
	}))
	t.Cleanup(server.Close)
	credentials.URL = server.URL
	return credentials
}

func tell(socket *websocket.Conn, outgoing *frameCipher, text string) {
	sealed, _ := outgoing.seal([]byte(text))
	message, _ := json.Marshal(map[string]any{"e": sealed})
	_ = socket.Write(context.Background(), websocket.MessageText, message)
}

func endOf(t *testing.T, credentials *Credentials) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	session, err := Open(ctx, credentials, JSON)
	if err != nil {
		return err // It ended while it was opened.
	}
	for range session.Notifications() {
		// Until the session ends.
	}
	return session.Err()
}

func TestPlaintextInASessionIsNobodysWord(t *testing.T) {
	const removed = `{"jsonrpc":"2.0","id":null,"error":{"code":-32002,"message":"x"}}`
	kinds := []websocket.MessageType{websocket.MessageText, websocket.MessageBinary}
	for _, kind := range kinds {
		credentials := fakeDevice(t, func(socket *websocket.Conn, _, _ *frameCipher) {
			_ = socket.Write(context.Background(), kind, []byte(removed))
			_, _, _ = socket.Read(context.Background())
		})
		if err := endOf(t, credentials); kindOf(err) != DeviceNotAuthentic {
			t.Error(err)
		}
	}
}

func TestAFrameOfTheOtherKindEndsTheSession(t *testing.T) {
	credentials := fakeDevice(t, func(socket *websocket.Conn, _, outgoing *frameCipher) {
		sealed, _ := outgoing.seal([]byte("pong"))
		message, _ := json.Marshal(map[string]any{"e": sealed})
		_ = socket.Write(context.Background(), websocket.MessageBinary, message)
		_, _, _ = socket.Read(context.Background())
	})
	if err := endOf(t, credentials); kindOf(err) != DeviceNotAuthentic {
		t.Error(err)
	}
}

func TestWhatACloseMeans(t *testing.T) {
	kinds := map[websocket.StatusCode]Kind{closeReplaced: Replaced, 1001: ConnectionClosed}
	for code, kind := range kinds {
		credentials := fakeDevice(t, func(socket *websocket.Conn, _, _ *frameCipher) {
			_ = socket.Close(code, "")
		})
		if err := endOf(t, credentials); kindOf(err) != kind {
			t.Errorf("%d: %v", code, err)
		}
	}
}

func TestManyLargeCallsAtOnceHaveTheirAnswers(t *testing.T) {
	const large = 100_000
	credentials := fakeDevice(t, func(socket *websocket.Conn, incoming, outgoing *frameCipher) {
		socket.SetReadLimit(-1)
		for {
			_, message, err := socket.Read(context.Background())
			var frame struct{ E []byte }
			if err != nil || json.Unmarshal(message, &frame) != nil {
				return
			}
			// Frames that come in another order than they were sealed in do not open.
			text, err := incoming.open(frame.E)
			var call struct{ ID int64 }
			if err != nil || json.Unmarshal(text, &call) != nil {
				return
			}
			tell(socket, outgoing, fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"result":%q}`, call.ID, strings.Repeat("x", large)))
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	session, err := Open(ctx, credentials, JSON)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	var calls sync.WaitGroup
	for range 50 {
		calls.Add(1)
		go func() {
			defer calls.Done()
			var text string
			if err := session.Call(ctx, "any", strings.Repeat("y", large), &text); err != nil || len(text) != large {
				t.Error(len(text), err)
			}
		}()
	}
	calls.Wait()
}

func TestARefusedConnectionTellsWhetherToWait(t *testing.T) {
	kinds := map[int]Kind{http.StatusTooManyRequests: RateLimited, http.StatusForbidden: Unreachable}
	for status, kind := range kinds {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
		}))
		credentials := &Credentials{URL: server.URL, Secrets: Secret{"c", "n", "token", make([]byte, keyBytes)}}
		if _, err := Open(context.Background(), credentials, JSON); kindOf(err) != kind {
			t.Errorf("%d: %v", status, err)
		}
		server.Close()
	}
}

func TestASilentDeviceIsLost(t *testing.T) {
	period, timeout := pingPeriod, pongTimeout
	defer func() { pingPeriod, pongTimeout = period, timeout }()
	pingPeriod, pongTimeout = 20*time.Millisecond, 50*time.Millisecond
	credentials := fakeDevice(t, func(socket *websocket.Conn, _, _ *frameCipher) {
		for {
			if _, _, err := socket.Read(context.Background()); err != nil {
				return
			}
		}
	})
	if err := endOf(t, credentials); kindOf(err) != ConnectionClosed {
		t.Error(err)
	}
}

func TestBrokenCredentialsAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "device.json")
	for _, inner := range []string{
		`{"clientId":"c","authToken":"t","pairingKey":"AAAA"}`,
		`{"clientId":"c","pairingKey":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`,
	} {
		text := `{"url":"http://a:1","pairedAt":1,"credentials":` + inner + `}`
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadCredentials(path); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}
