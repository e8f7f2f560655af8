package latchkey

import (
	"bytes"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"strconv"
	"testing"

	"github.com/coder/websocket"
	"github.com/schollz/pake/v3"
)

type point struct{ X, Y string }

type row struct {
	Name              string
	PIN               string
	AlphaA            string `json:"alpha_a_hex"`
	X, Y              point
	MsgA, MsgB        string
	SessionKey        string `json:"session_key_hex"`
	ClientSessionKey  string `json:"client_session_key_hex"`
	TypedPIN          string `json:"typed_pin"`
	PakeCase          string `json:"pake_case"`
	ClientName        string `json:"client_name"`
	ConfirmKeyA       string `json:"confirm_key_a_hex"`
	ConfirmKeyB       string `json:"confirm_key_b_hex"`
	PairingKey        string `json:"pairing_key_hex"`
	TranscriptClient  string `json:"transcript_client_hex"`
	TranscriptServer  string `json:"transcript_server_hex"`
	ConfirmClient     string `json:"confirm_client_hex"`
	ConfirmServer     string `json:"confirm_server_hex"`
	Salt              string `json:"salt_hex"`
	ClientToDevice    string `json:"c2s_key_hex"`
	DeviceToClient    string `json:"s2c_key_hex"`
	ClientToDeviceIV  string `json:"c2s_base_hex"`
	DeviceToClientIV  string `json:"s2c_base_hex"`
	Base              string `json:"base_hex"`
	Counter           string
	Nonce             string `json:"nonce_hex"`
	Direction         string
	Session           string
	AuthToken         string `json:"auth_token"`
	Plaintext         string `json:"plaintext_hex"`
	CiphertextWithTag string `json:"ciphertext_tag_hex"`
	Frame             string
}

func rows(t *testing.T, section string) []row {
	t.Helper()
	text, err := os.ReadFile("../../tests/vectors/v1.json")
	if err != nil {
		t.Fatal(err)
	}
	var sections map[string]json.RawMessage
	var found []row
	if json.Unmarshal(text, &sections) != nil || json.Unmarshal(sections[section], &found) != nil || len(found) == 0 {
		t.Fatalf("%s has no rows", section)
	}
	return found
}

func rowNamed(t *testing.T, section, name string) row {
	t.Helper()
	for _, found := range rows(t, section) {
		if found.Name == name {
			return found
		}
	}
	t.Fatalf("%s has no row %s", section, name)
	return row{}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func same(t *testing.T, what string, got []byte, expected string) {
	t.Helper()
	if hex.EncodeToString(got) != expected {
		t.Errorf("%s: %x, expected %s", what, got, expected)
	}
}

// An exchange of the reference whose secret is the row's.
func exchangeWith(t *testing.T, pin, scalar string) *pake.Pake {
	t.Helper()
	exchange, err := pake.InitCurve([]byte(pin), 0, "p256")
	if err != nil {
		t.Fatal(err)
	}
	curve := elliptic.P256()
	exchange.Aα = unhex(t, scalar)
	x, y := curve.ScalarBaseMult(exchange.Aα)
	exchange.Xᵤ, exchange.Xᵥ = curve.Add(exchange.Upwᵤ, exchange.Upwᵥ, x, y)
	return exchange
}

func TestExchanges(t *testing.T) {
	given := append(rows(t, "pake"), rows(t, "pake_unreduced")...)
	for _, wrong := range rows(t, "pairing_wrong_pin") {
		wrong.PIN, wrong.SessionKey = wrong.TypedPIN, wrong.ClientSessionKey
		given = append(given, wrong)
	}
	for _, vector := range given {
		exchange := exchangeWith(t, vector.PIN, vector.AlphaA)
		var sent, expected map[string]any
		if json.Unmarshal(encodeClientMessage(exchange), &sent) != nil || json.Unmarshal([]byte(vector.MsgA), &expected) != nil {
			t.Fatal(vector.Name)
		}
		for name, value := range expected {
			if sent[name] != value || len(sent) != len(expected) {
				t.Errorf("%s: msgA has %v as %s, expected %v", vector.Name, sent[name], name, value)
			}
		}
		key, err := sessionKeyOf(exchange, []byte(vector.MsgB))
		if err != nil {
			t.Fatal(vector.Name, err)
		}
		same(t, vector.Name, key, vector.SessionKey)
	}
	if sent := encodeClientMessage(exchangeWith(t, given[0].PIN, given[0].AlphaA)); string(sent) != given[0].MsgA {
		t.Errorf("msgA is %s", sent)
	}
}

func TestWhatIsNoDeviceMessageIsRefused(t *testing.T) {
	vector := rowNamed(t, "pake", "app-kat")
	var right map[string]any
	if json.Unmarshal([]byte(vector.MsgB), &right) != nil {
		t.Fatal("no message")
	}
	y, _ := new(big.Int).SetString(vector.Y.Y, 10)
	changes := map[string]any{
		"role": 0, "yx": "", "yy": new(big.Int).Add(y, big.NewInt(1)).String(),
		"ok": nil, // The message as it is must pass, or this test says nothing.
	}
	for name, value := range changes {
		message := map[string]any{}
		for key, kept := range right {
			message[key] = kept
		}
		message[name] = value
		text, _ := json.Marshal(message)
		_, err := sessionKeyOf(exchangeWith(t, vector.PIN, vector.AlphaA), text)
		if (err == nil) != (name == "ok") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{"", "{}", "null", `{"role":1,"yx":"0","yy":"0"}`, `{"role":1,"yx":"-1","yy":"+5"}`} {
		if _, err := sessionKeyOf(exchangeWith(t, vector.PIN, vector.AlphaA), []byte(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestPairingKeysAndConfirms(t *testing.T) {
	for _, vector := range rows(t, "pairing") {
		exchange := rowNamed(t, "pake", vector.PakeCase)
		a, b := []byte(exchange.MsgA), []byte(exchange.MsgB)
		keys, err := derivePairingKeys(unhex(t, vector.SessionKey), a, b)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "KA", keys.clientConfirm, vector.ConfirmKeyA)
		same(t, "KB", keys.deviceConfirm, vector.ConfirmKeyB)
		same(t, "pairing key", keys.pairing, vector.PairingKey)
		same(t, "T(client)", transcript("client", vector.ClientName, a, b), vector.TranscriptClient)
		same(t, "T(server)", transcript("server", vector.ClientName, a, b), vector.TranscriptServer)
		same(t, "confirm", confirmOf(keys.clientConfirm, "client", vector.ClientName, a, b), vector.ConfirmClient)
		same(t, "confirm", confirmOf(keys.deviceConfirm, "server", vector.ClientName, a, b), vector.ConfirmServer)
	}
}

func TestSessionKeysAndFrames(t *testing.T) {
	for _, vector := range rows(t, "session_keys") {
		outgoing, incoming, err := deriveSession(unhex(t, vector.PairingKey), unhex(t, vector.Salt), "token")
		if err != nil {
			t.Fatal(err)
		}
		same(t, "c2s base", outgoing.base, vector.ClientToDeviceIV)
		same(t, "s2c base", incoming.base, vector.DeviceToClientIV)
	}
	for _, vector := range rows(t, "nonces") {
		counter, err := strconv.ParseUint(vector.Counter, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		nonce, err := nonceAt(unhex(t, vector.Base), counter)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "nonce", nonce, vector.Nonce)
	}
	for _, vector := range rows(t, "nonces_invalid") {
		counter, _ := strconv.ParseUint(vector.Counter, 10, 64)
		if _, err := nonceAt(make([]byte, nonceBytes), counter); err == nil {
			t.Errorf("there is a nonce for %d", counter)
		}
	}
	for _, vector := range rows(t, "frames") {
		session := rowNamed(t, "session_keys", vector.Session)
		key, base := session.ClientToDevice, session.ClientToDeviceIV
		if vector.Direction == "s2c" {
			key, base = session.DeviceToClient, session.DeviceToClientIV
		}
		counter, _ := strconv.ParseUint(vector.Counter, 10, 64)
		for _, isSealed := range []bool{true, false} {
			frames, err := newFrameCipher(unhex(t, key), unhex(t, base), vector.AuthToken)
			if err != nil {
				t.Fatal(err)
			}
			frames.counter = counter
			if isSealed {
				sealed, err := frames.seal(unhex(t, vector.Plaintext))
				if err != nil {
					t.Fatal(err)
				}
				same(t, vector.Name, sealed, vector.CiphertextWithTag)
			} else {
				text, err := frames.open(unhex(t, vector.CiphertextWithTag))
				if err != nil {
					t.Fatal(vector.Name, err)
				}
				same(t, vector.Name, text, vector.Plaintext)
			}
		}
	}
}

func TestTheFirstFrameInBothEnvelopes(t *testing.T) {
	vector := rowNamed(t, "frames", "first")
	keys := rowNamed(t, "session_keys", vector.Session)
	salt := unhex(t, keys.Salt)
	for _, envelope := range []Envelope{JSON, Binary} {
		outgoing, _, err := deriveSession(unhex(t, keys.PairingKey), salt, vector.AuthToken)
		if err != nil {
			t.Fatal(err)
		}
		s := &Session{envelope: envelope, token: vector.AuthToken, salt: salt, outgoing: outgoing, isFirst: true}
		message, kind, err := s.seal(unhex(t, vector.Plaintext))
		if err != nil {
			t.Fatal(err)
		}
		if envelope == Binary {
			head := append(append([]byte{1}, salt...), byte(len(vector.AuthToken)))
			expected := append(append(head, vector.AuthToken...), unhex(t, vector.CiphertextWithTag)...)
			if kind != websocket.MessageBinary || !bytes.Equal(message, expected) {
				t.Errorf("the first frame is %x", message)
			}
			continue
		}
		var sent, expected map[string]any
		if json.Unmarshal(message, &sent) != nil || json.Unmarshal([]byte(vector.Frame), &expected) != nil {
			t.Fatal("no JSON")
		}
		for name, value := range expected {
			if sent[name] != value || len(sent) != len(expected) {
				t.Errorf("the first frame has %v as %s", sent[name], name)
			}
		}
	}
}

func TestPlaintextErrors(t *testing.T) {
	kinds := map[int]Kind{-32001: UnsupportedVersion, -32002: ClientRemoved}
	for _, vector := range rows(t, "plaintext_errors") {
		var frame struct{ Error struct{ Code int } }
		if json.Unmarshal([]byte(vector.Frame), &frame) != nil {
			t.Fatal(vector.Frame)
		}
		err, _ := plaintextError(websocket.MessageText, []byte(vector.Frame)).(*Error)
		if err == nil || err.Kind != kinds[frame.Error.Code] {
			t.Errorf("%d: %v", frame.Error.Code, err)
		}
	}
	sealed := `{"e":"` + base64.StdEncoding.EncodeToString(make([]byte, 20)) + `"}`
	if err := plaintextError(websocket.MessageText, []byte(sealed)); err != nil {
		t.Error(err)
	}
}
