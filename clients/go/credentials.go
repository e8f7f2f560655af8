package latchkey

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Credentials are the result of a pairing. Whoever has them can talk to the device as this program.
// Their JSON is that of the files of `latchkey remote`, so that each can use the other's.
type Credentials struct {
	// URL is the device's address, such as "http://192.168.1.5:7497"; a host alone will do.
	URL string `json:"url"`
	// PairedAt is when it was paired, in Unix seconds.
	PairedAt int64  `json:"pairedAt"`
	Secrets  Secret `json:"credentials"`
}

// Secret is what opens a session.
type Secret struct {
	// ClientID is how the device's owner can name the program.
	ClientID   string `json:"clientId"`
	ClientName string `json:"clientName"`
	// AuthToken names the program in its first frames.
	AuthToken string `json:"authToken"`
	// PairingKey has 32 bytes.
	PairingKey []byte `json:"pairingKey"`
}

// String shows no secret.
func (s Secret) String() string { return fmt.Sprintf("client %s", s.ClientID) }

// GoString shows no secret.
func (s Secret) GoString() string { return s.String() }

// LoadCredentials reads a file; nil where there is none.
func LoadCredentials(path string) (*Credentials, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var kept Credentials
	broken := json.Unmarshal(text, &kept) != nil || kept.URL == "" || len(kept.Secrets.PairingKey) != keyBytes ||
		kept.Secrets.AuthToken == "" || kept.Secrets.ClientID == ""
	if broken {
		// What the text has may be a secret, so the error does not show it.
		return nil, fmt.Errorf("cannot understand %s: pair again", path)
	}
	return &kept, nil
}

// Save writes a file that only this user can read, whole or not at all.
func (c *Credentials) Save(path string) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(path), ".latchkey-*") // Of mode 0600.
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	_, err = part.Write(append(text, '\n'))
	err = errors.Join(err, part.Sync(), part.Close())
	if err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
}

func nowSeconds() int64 { return time.Now().Unix() }
