// Package latchkey pairs a program with a Latchkey device by the PIN that the device shows, and talks
// to it over encrypted sessions. The norm of what travels is docs/protocol.md of the project; the key
// exchange is the reference implementation, github.com/schollz/pake.
package latchkey

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/schollz/pake/v3"
)

const (
	maxTries       = 4
	maxAnswerBytes = 64 << 10
)

// The device lets one request pass a second.
var retryDelay = 1100 * time.Millisecond

var (
	pinPattern        = regexp.MustCompile(`\A[0-9]{6}\z`)
	coordinatePattern = regexp.MustCompile(`\A[0-9]{1,78}\z`)

	// A proxy of the environment is not for devices in the local network.
	direct = &http.Client{Transport: &http.Transport{}}
)

type refusal struct {
	kind    Kind
	message string
}

// The device's words tell most; a device that has others, the step and the status.
var refusals = map[string]refusal{
	"no pairing in progress":         {NoPairing, "no pairing is open on the device"},
	"pairing expired":                {PairingExpired, "the PIN has expired"},
	"too many failed attempts":       {TooManyAttempts, "the PIN was wrong too often"},
	"maximum paired clients reached": {NoPlace, "the device has no place for another client"},
	"unknown pairing session":        {NoPairing, "the pairing is no longer open on the device"},
	"wrong PIN":                      {WrongPIN, "the PIN was wrong"},
	"rate limited":                   {RateLimited, "the device has too many pairing requests"},
	"start 400":                      {NoPairing, "no pairing is open on the device"},
	"start 410":                      {PairingExpired, "the PIN has expired"},
	"start 429":                      {RateLimited, "the device has too many pairing requests"},
	"finish 401":                     {WrongPIN, "the PIN was wrong"},
	"finish 403":                     {TooManyAttempts, "the PIN was wrong too often, or there is no place"},
	"finish 404":                     {NoPairing, "the pairing is no longer open on the device"},
	"finish 410":                     {PairingExpired, "the pairing has expired"},
	"finish 429":                     {RateLimited, "the device has too many pairing requests"},
}

// Refusals which the status alone would misname.
var refusedRequests = map[string]bool{
	"client name required":  true,
	"client name too long":  true,
	"PAKE message too long": true,
	"invalid PAKE message":  true,
}

// Pair pairs with the device that shows this PIN. The address is a host, such as "192.168.1.5", with a
// port or without, or a whole URL; the name, 1 to 128 bytes of UTF-8, is what its owner sees.
func Pair(ctx context.Context, address, pin, name string) (*Credentials, error) {
	pin = strings.Join(strings.Fields(pin), "")
	if !pinPattern.MatchString(pin) {
		return nil, errors.New("this is no PIN: six digits are")
	}
	url, err := baseURL(address)
	if err != nil {
		return nil, err
	}
	exchange, err := pake.InitCurve([]byte(pin), 0, "p256")
	if err != nil {
		return nil, err
	}
	messageA := encodeClientMessage(exchange)

	var started struct {
		Session string `json:"session"`
		Pake    []byte `json:"pake"`
	}
	if err := post(ctx, url, "start", map[string]any{"pake": messageA, "name": name}, &started); err != nil {
		return nil, err
	}
	sessionKey, err := sessionKeyOf(exchange, started.Pake)
	if err != nil {
		return nil, err
	}
	keys, err := derivePairingKeys(sessionKey, messageA, started.Pake)
	if err != nil {
		return nil, err
	}

	var finished struct {
		ClientID  string `json:"clientId"`
		AuthToken string `json:"authToken"`
		Confirm   []byte `json:"confirm"`
	}
	confirm := confirmOf(keys.clientConfirm, "client", name, messageA, started.Pake)
	request := map[string]any{"session": started.Session, "confirm": confirm}
	if err := post(ctx, url, "finish", request, &finished); err != nil {
		return nil, err
	}
	expected := confirmOf(keys.deviceConfirm, "server", name, messageA, started.Pake)
	if !hmac.Equal(expected, finished.Confirm) {
		return nil, failure(DeviceNotAuthentic, "whoever answers does not know the PIN: it is not the device")
	}
	if finished.ClientID == "" || finished.AuthToken == "" {
		return nil, badAnswer()
	}
	secret := Secret{finished.ClientID, name, finished.AuthToken, keys.pairing}
	return &Credentials{URL: url, PairedAt: nowSeconds(), Secrets: secret}, nil
}

// The reference writes numbers; what travels has them as texts.
func encodeClientMessage(exchange *pake.Pake) []byte {
	texts := []struct {
		name  string
		value *big.Int
	}{
		{"ux", exchange.Uᵤ}, {"uy", exchange.Uᵥ}, {"vx", exchange.Vᵤ}, {"vy", exchange.Vᵥ},
		{"xx", exchange.Xᵤ}, {"xy", exchange.Xᵥ}, {"yx", new(big.Int)}, {"yy", new(big.Int)},
	}
	var message strings.Builder
	message.WriteString(`{"role":0`)
	for _, text := range texts {
		fmt.Fprintf(&message, `,"%s":"%s"`, text.name, text.value)
	}
	message.WriteString("}")
	return []byte(message.String())
}

// K for the device's message. Of that, the role and Y count; the reference checks that Y is on the
// curve.
func sessionKeyOf(exchange *pake.Pake, messageB []byte) ([]byte, error) {
	var message struct {
		Role *int   `json:"role"`
		X    string `json:"yx"`
		Y    string `json:"yy"`
	}
	if json.Unmarshal(messageB, &message) != nil || message.Role == nil || *message.Role != 1 ||
		!coordinatePattern.MatchString(message.X) || !coordinatePattern.MatchString(message.Y) {
		return nil, badAnswer()
	}
	x, _ := new(big.Int).SetString(message.X, 10)
	y, _ := new(big.Int).SetString(message.Y, 10)
	device := &pake.Pake{Role: 1, Yᵤ: x, Yᵥ: y}
	if exchange.Update(device.Bytes()) != nil {
		return nil, badAnswer()
	}
	return exchange.SessionKey()
}

func post(ctx context.Context, url, step string, request, answer any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		status, text, err := send(ctx, url, step, body)
		if err != nil {
			return &Error{Kind: Unreachable, Message: "the device cannot be reached", cause: err}
		}
		if status == http.StatusOK {
			if json.Unmarshal(text, answer) != nil {
				return badAnswer()
			}
			return nil
		}
		if status != http.StatusTooManyRequests || try == maxTries {
			return refusalOf(step, status, text)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retryDelay):
		}
	}
}

func send(ctx context.Context, url, step string, body []byte) (int, []byte, error) {
	address := fmt.Sprintf("%s/api/pair/%s", url, step)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := direct.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswerBytes))
	return answer.StatusCode, text, err
}

func refusalOf(step string, status int, text []byte) *Error {
	var said struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(text, &said) // Where it says nothing, the status does.
	known, isKnown := refusals[said.Error]
	if !isKnown && !refusedRequests[said.Error] {
		known, isKnown = refusals[fmt.Sprintf("%s %d", step, status)]
	}
	if !isKnown {
		known = refusal{Refused, fmt.Sprintf("the device refused to pair: status %d", status)}
	}
	return failure(known.kind, known.message)
}

func badAnswer() *Error {
	return failure(BadAnswer, "the device's answer is not of the protocol")
}
