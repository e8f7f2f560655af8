package latchkey

import (
	"context"
	"encoding/json"
	"os"
	"testing"
)

func TestAddressesAreCompleted(t *testing.T) {
	text, err := os.ReadFile("../../tests/vectors/addresses.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Bases   map[string]string
		Refused []string
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors.Bases) < 15 || len(vectors.Refused) < 15 {
		t.Error("not all vectors are here")
	}
	for address, base := range vectors.Bases {
		if found, err := baseURL(address); err != nil || found != base {
			t.Errorf("%q: %q, %v", address, found, err)
		}
		// What Pair keeps is an address too.
		if again, err := baseURL(base); err != nil || again != base {
			t.Errorf("%q: %q, %v", base, again, err)
		}
	}
	for _, address := range vectors.Refused {
		if found, err := baseURL(address); err == nil {
			t.Errorf("%q: %q", address, found)
		}
		if _, err := Pair(context.Background(), address, "123456", "x"); err == nil || err.Error() != badAddress().Error() {
			t.Errorf("%q: %v", address, err)
		}
		credentials := &Credentials{URL: address, Secrets: Secret{"c", "n", "token", make([]byte, keyBytes)}}
		if _, err := Open(context.Background(), credentials, JSON); err == nil || err.Error() != badAddress().Error() {
			t.Errorf("%q: %v", address, err)
		}
	}
}
