package latchkey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// The device of these tests: a service on this machine.
func deviceURL(t *testing.T) string {
	t.Helper()
	url := os.Getenv("LATCHKEY_URL")
	if url == "" {
		t.Skip("needs a service on this machine: LATCHKEY_URL=http://127.0.0.1:7497")
	}
	return url
}

// What programs on the device itself may do: no key, no encryption.
func callLocal(t *testing.T, url, method string, params, result any) {
	t.Helper()
	request, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	response, err := direct.Post(url+"/api", "application/json", bytes.NewReader(request))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var got answer
	if response.StatusCode != http.StatusOK || json.NewDecoder(response.Body).Decode(&got) != nil {
		t.Fatalf("%s: status %d", method, response.StatusCode)
	}
	if err := got.into(result); err != nil {
		t.Fatal(err)
	}
}

func openPairing(t *testing.T, url string) string {
	t.Helper()
	var opened struct{ PIN string }
	callLocal(t, url, "clients.pair.start", nil, &opened)
	return opened.PIN
}

func kindOf(err error) Kind {
	var failed *Error
	if errors.As(err, &failed) {
		return failed.Kind
	}
	return Kind(fmt.Sprint(err))
}

func TestPairings(t *testing.T) {
	url := deviceURL(t)
	count, err := strconv.Atoi(os.Getenv("LATCHKEY_PAIRINGS"))
	if err != nil {
		count = 4
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	for number := range count {
		name := fmt.Sprintf("Gerät %d 🎮", number)
		credentials, err := Pair(ctx, url, openPairing(t, url), name)
		if err != nil {
			t.Fatalf("pairing %d: %v", number, err)
		}
		envelope := []Envelope{JSON, Binary}[number%2]
		session, err := Open(ctx, credentials, envelope)
		if err != nil {
			t.Fatalf("session %d: %v", number, err)
		}
		var current struct {
			Client struct{ ClientID, ClientName string }
		}
		if err := session.Call(ctx, "clients.current", nil, &current); err != nil {
			t.Fatalf("call %d: %v", number, err)
		}
		if current.Client.ClientID != credentials.Secrets.ClientID || current.Client.ClientName != name {
			t.Fatalf("the device says that this is %v", current.Client)
		}
		callLocal(t, url, "clients.delete", map[string]any{"clientId": credentials.Secrets.ClientID}, nil)
		session.Close()
	}
	fmt.Printf("%d pairings\n", count)
}

func TestErrorsOfADevice(t *testing.T) {
	url := deviceURL(t)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if _, err := Pair(ctx, url, "123456", "x"); kindOf(err) != NoPairing {
		t.Error("without a PIN:", err)
	}
	if _, err := Pair(ctx, "http://127.0.0.1:9", "123456", "x"); kindOf(err) != Unreachable {
		t.Error("without a device:", err)
	}
	for _, pin := range []string{"", "12345", "1234567", "12345a"} {
		if _, err := Pair(ctx, url, pin, "x"); err == nil {
			t.Errorf("%q was taken for a PIN", pin)
		}
	}
	pin := openPairing(t, url)
	wrong := "000000"
	if pin == wrong {
		wrong = "000001"
	}
	if _, err := Pair(ctx, url, wrong, "x"); kindOf(err) != WrongPIN {
		t.Error("with a wrong PIN:", err)
	}
	credentials, err := Pair(ctx, url, pin[:3]+" "+pin[3:]+"\n", "x")
	if err != nil {
		t.Fatal(err)
	}
	session, err := Open(ctx, credentials, JSON)
	if err != nil {
		t.Fatal(err)
	}
	err = session.Call(ctx, "no.such.method", nil, nil)
	var failed *Error
	if !errors.As(err, &failed) || failed.Kind != RPCError || failed.Code != -32601 {
		t.Error("an unknown method:", err)
	}
	forged := *credentials
	forged.Secrets.PairingKey = make([]byte, keyBytes)
	if _, err := Open(ctx, &forged, Binary); kindOf(err) != ConnectionClosed {
		t.Error("a wrong key:", err)
	}
	callLocal(t, url, "clients.delete", map[string]any{"clientId": credentials.Secrets.ClientID}, nil)
	for range session.Notifications() {
		// Until the device ends the session.
	}
	if kindOf(session.Err()) != ConnectionClosed || kindOf(session.Call(ctx, "version", nil, nil)) != ConnectionClosed {
		t.Error("after the end:", session.Err())
	}
	if _, err := Open(ctx, credentials, JSON); kindOf(err) != ClientRemoved {
		t.Error("after the removal:", err)
	}
}

func TestCredentialsInAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "device.json")
	if kept, err := LoadCredentials(path); kept != nil || err != nil {
		t.Fatal(kept, err)
	}
	mine := &Credentials{"http://a:1", 5, Secret{"id", "Gerät", "sometoken", bytes.Repeat([]byte{7}, keyBytes)}}
	if err := os.WriteFile(path, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadCredentials(path); err == nil {
		t.Error("a broken file was taken")
	}
	if err := mine.Save(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	kept, err := LoadCredentials(path)
	if err != nil || fmt.Sprintf("%+v", *kept.parts()) != fmt.Sprintf("%+v", *mine.parts()) {
		t.Error(kept, err)
	}
	if shown := fmt.Sprintf("%v %+v %#v", mine.Secrets, *mine, *mine); bytes.Contains([]byte(shown), []byte("sometoken")) {
		t.Error("a secret is shown")
	}
}

type parts struct {
	URL, ID, Name, Token string
	PairedAt             int64
	Key                  []byte
}

func (c *Credentials) parts() *parts {
	s := c.Secrets
	return &parts{c.URL, s.ClientID, s.ClientName, s.AuthToken, c.PairedAt, s.PairingKey}
}
