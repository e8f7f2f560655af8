package latchkey

import "fmt"

// Kind is a reason that a program can tell apart.
type Kind string

// The kinds of errors.
const (
	// Unreachable: nobody answers at the address, or the connection was refused.
	Unreachable Kind = "unreachable"
	// NoPairing: nobody has opened pairing on the device, or that pairing is over.
	NoPairing Kind = "no_pairing"
	// WrongPIN: the PIN was mistyped; an address has two tries for a PIN.
	WrongPIN Kind = "wrong_pin"
	// TooManyAttempts: too many wrong PINs, so pairing must be opened anew.
	TooManyAttempts Kind = "too_many_attempts"
	// NoPlace: all places for clients are taken, so one must be removed on the device.
	NoPlace Kind = "no_place"
	// PairingExpired: the PIN or this try took too long.
	PairingExpired Kind = "pairing_expired"
	// RateLimited: the device has too many requests.
	RateLimited Kind = "rate_limited"
	// DeviceNotAuthentic: whoever answers is not the device, or does not know the PIN.
	DeviceNotAuthentic Kind = "device_not_authentic"
	// Refused: the device refused for another reason.
	Refused Kind = "refused"
	// BadAnswer: the answer is not of the protocol.
	BadAnswer Kind = "bad_answer"
	// ClientRemoved: the device says that it has removed this client. Anybody in the network can say
	// so: offer to pair again, and keep the credentials until that is complete.
	ClientRemoved Kind = "client_removed"
	// UnsupportedVersion: the device does not speak this version of the encryption.
	UnsupportedVersion Kind = "unsupported_version"
	// ConnectionClosed: the session is over, by whichever side.
	ConnectionClosed Kind = "connection_closed"
	// Replaced: a newer connection of this client has taken the place. Whoever comes back would only
	// replace that one.
	Replaced Kind = "replaced"
	// RPCError: the device answered with an error; Code and Data tell which.
	RPCError Kind = "rpc_error"
)

// Error is what went wrong; it never holds a PIN, a key or a token.
type Error struct {
	Kind    Kind
	Message string
	// Code is the number in the device's answer, such as -32601; of an RPCError only.
	Code int
	// Data is what the device's answer has for programs, as JSON; of an RPCError only.
	Data  []byte
	cause error
}

func (e *Error) Error() string { return fmt.Sprintf("%s (%s)", e.Message, e.Kind) }

// Unwrap returns what is behind it.
func (e *Error) Unwrap() error { return e.cause }

func failure(kind Kind, message string) *Error { return &Error{Kind: kind, Message: message} }
