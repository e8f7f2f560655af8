package latchkey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
)

const (
	keyBytes   = 32
	nonceBytes = 12
	saltBytes  = 16
)

// What both sides derive from the result of the key exchange (docs/protocol.md §3).
type pairingKeys struct{ clientConfirm, deviceConfirm, pairing []byte }

func derivePairingKeys(sessionKey, messageA, messageB []byte) (pairingKeys, error) {
	salt := append(append([]byte{}, messageA...), messageB...)
	labels := []string{"zaparoo-confirm-A", "zaparoo-confirm-B", "zaparoo-pairing-v1"}
	keys, err := deriveAll(sessionKey, salt, labels, keyBytes)
	if err != nil {
		return pairingKeys{}, err
	}
	return pairingKeys{keys[0], keys[1], keys[2]}, nil
}

func confirmOf(key []byte, role, name string, messageA, messageB []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(transcript(role, name, messageA, messageB))
	return mac.Sum(nil)
}

// T(role), where the role is "client" or "server".
func transcript(role, name string, messageA, messageB []byte) []byte {
	parts := [][]byte{[]byte("zaparoo-v1"), []byte("p256"), []byte(role), []byte(name), messageA, messageB}
	var text []byte
	for _, part := range parts {
		text = binary.BigEndian.AppendUint32(text, uint32(len(part)))
		text = append(text, part...)
	}
	return text
}

// Seals or opens the frames of one direction, in order (docs/protocol.md §5).
type frameCipher struct {
	aead    cipher.AEAD
	base    []byte
	aad     []byte
	counter uint64
}

func deriveSession(pairingKey, salt []byte, token string) (outgoing, incoming *frameCipher, err error) {
	keys, err := deriveAll(pairingKey, salt, []string{"zaparoo-c2s-v1", "zaparoo-s2c-v1"}, keyBytes)
	if err != nil {
		return nil, nil, err
	}
	bases, err := deriveAll(pairingKey, salt, []string{"zaparoo-c2s-nonce-v1", "zaparoo-s2c-nonce-v1"}, nonceBytes)
	if err != nil {
		return nil, nil, err
	}
	outgoing, err = newFrameCipher(keys[0], bases[0], token)
	if err != nil {
		return nil, nil, err
	}
	incoming, err = newFrameCipher(keys[1], bases[1], token)
	return outgoing, incoming, err
}

func newFrameCipher(key, base []byte, token string) (*frameCipher, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	return &frameCipher{aead: aead, base: base, aad: []byte(token + ":ws")}, err
}

func (c *frameCipher) seal(plaintext []byte) ([]byte, error) {
	nonce, err := c.nextNonce()
	if err != nil {
		return nil, err
	}
	return c.aead.Seal(nil, nonce, plaintext, c.aad), nil
}

func (c *frameCipher) open(ciphertext []byte) ([]byte, error) {
	nonce, err := c.nextNonce()
	if err != nil {
		return nil, err
	}
	return c.aead.Open(nil, nonce, ciphertext, c.aad)
}

func (c *frameCipher) nextNonce() ([]byte, error) {
	nonce, err := nonceAt(c.base, c.counter)
	c.counter++
	return nonce, err
}

func nonceAt(base []byte, counter uint64) ([]byte, error) {
	if counter == math.MaxUint64 {
		return nil, errors.New("no nonce is left: the session must end")
	}
	nonce := append([]byte{}, base...)
	tail := binary.BigEndian.Uint64(base[4:]) ^ counter
	binary.BigEndian.PutUint64(nonce[4:], tail)
	return nonce, nil
}

func deriveAll(secret, salt []byte, labels []string, length int) ([][]byte, error) {
	keys := make([][]byte, 0, len(labels))
	for _, label := range labels {
		key, err := hkdf.Key(sha256.New, secret, salt, label, length)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}
